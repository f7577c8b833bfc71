using ScottPlot;

namespace ScalingCurve;

/// <summary>Accuracy against N, N on a logarithmic axis.</summary>
internal static class CurvePlot
{
    public static void Save(IReadOnlyList<Curve> curves, string png, string svg)
    {
        var plot = new Plot();
        foreach (Curve curve in curves)
        {
            double[] x = [.. curve.Points.Select(point => Math.Log2(point.N))];
            double[] y = [.. curve.Points.Select(point => 100 * point.Accuracy.Mean)];
            double[] spread = [.. curve.Points.Select(point => 100 * (point.Accuracy.StandardDeviation ?? 0))];
            var line = plot.Add.Scatter(x, y);
            line.LegendText = curve.Name;
            line.LineWidth = curve.Name == "pass@N" ? 1 : 2.5f;
            line.LinePattern = curve.Name == "pass@N" ? LinePattern.Dotted : LinePattern.Solid;
            line.MarkerSize = 8;
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
