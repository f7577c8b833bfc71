using ScottPlot;

namespace ScalingCurve;

/// <summary>Accuracy against N, N on a logarithmic axis.</summary>
internal static class CurvePlot
{
    public static void Save(IReadOnlyList<Curve> curves, string png, string svg)
    {
        var plot = new Plot();
        // Okabe and Ito's palette, which colour-blind readers can tell apart.
        string[] palette = ["#000000", "#999999", "#e69f00", "#56b4e9", "#0072b2", "#d55e00", "#009e73", "#f0e442", "#7f3c8d", "#80ba5a", "#a5aa99", "#882255", "#44aa99", "#cc79a7"];
        for (int i = 0; i < curves.Count; i++)
        {
            Curve curve = curves[i];
            double[] x = [.. curve.Points.Select(point => Math.Log2(point.N))];
            double[] y = [.. curve.Points.Select(point => 100 * point.Accuracy.Mean)];
            double[] spread = [.. curve.Points.Select(point => 100 * (point.Accuracy.StandardDeviation ?? 0))];
            var line = plot.Add.Scatter(x, y);
            line.LegendText = curve.Name;
            line.LineWidth = curve.Name == "pass@N" ? 1 : 2.5f;
            line.MarkerSize = 8;
            line.Color = Color.FromHex(palette[i % palette.Length]);
            var bars = plot.Add.ErrorBar(x, y, spread);
            bars.Color = line.Color;
        }
        int[] sizes = [1, 2, 4, 8, 16, 32, 64];
        plot.Axes.Bottom.SetTicks([.. sizes.Select(n => Math.Log2(n))], [.. sizes.Select(n => n.ToString())]);
        plot.Axes.SetLimitsX(-0.3, 6.3);
        plot.XLabel("N, completions or beams");
        plot.YLabel("right answers, %");
        plot.Title("TinyMath, 350 held-out problems");
        plot.ShowLegend(Edge.Right);
        plot.SavePng(png, 1000, 560);
        plot.SaveSvg(svg, 1000, 560);
    }
}
