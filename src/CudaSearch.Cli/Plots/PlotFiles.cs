using System.Runtime.InteropServices;
using CudaSearch.Evaluation.Reports;
using ScottPlot;

namespace CudaSearch.Cli.Plots;

/// <summary>Saves charts as files, each as SVG and as PNG.</summary>
public static class PlotFiles
{
    private const int Width = 1000, Height = 560;

    // Where none of them is installed, whatever the drawing library falls back on.
    private static readonly string[] s_fonts = ["Segoe UI", "Helvetica Neue", "Arial", "Liberation Sans", "Noto Sans", "DejaVu Sans"];
    private static readonly MarkerShape[] s_shapes = [MarkerShape.FilledCircle, MarkerShape.FilledSquare, MarkerShape.FilledTriangleUp, MarkerShape.FilledDiamond];

    /// <summary>Saves charts into a folder, which is made where it is missing.</summary>
    /// <returns>Charts saved.</returns>
    /// <exception cref="CudaSearchException">This platform has no native drawing library.</exception>
    public static int Save(IReadOnlyList<ChartSpec> charts, string folder)
    {
        Directory.CreateDirectory(folder);
        try
        {
            foreach (ChartSpec chart in charts) Save(chart, Path.Combine(folder, chart.Name + ".png"), Path.Combine(folder, chart.Name + ".svg"));
        }
        catch (Exception e) when (e is DllNotFoundException || e.InnerException is DllNotFoundException)
        {
            throw CudaSearchException.BadInput(
                $"plots are drawn by SkiaSharp, whose native library is not here for {RuntimeInformation.RuntimeIdentifier}; the page needs none: leave --plots out", e);
        }
        return charts.Count;
    }

    /// <summary>Saves one chart.</summary>
    public static void Save(ChartSpec chart, string png, string svg)
    {
        using Plot plot = Draw(chart);
        plot.SavePng(png, Width, Height);
        plot.SaveSvg(svg, Width, Height);
    }

    private static Plot Draw(ChartSpec chart)
    {
        var plot = new Plot();
        foreach (ChartSeries series in chart.Drawn)
        {
            double[] x = [.. series.Points.Select(point => Math.Log2(point.X))];
            double[] y = [.. series.Points.Select(point => point.Y)];
            var line = plot.Add.Scatter(x, y);
            line.LegendText = series.Name;
            line.LineWidth = series.IsBound ? 1 : 2.5f;
            line.MarkerSize = series.IsBound ? 6 : 9;
            line.MarkerShape = s_shapes[series.Shape];
            line.Color = Color.FromHex(ChartSpec.Palette[series.Color]);
            if (!series.Points.Any(point => point.Spread > 0)) continue;
            var bars = plot.Add.ErrorBar(x, y, [.. series.Points.Select(point => point.Spread ?? 0)]);
            bars.Color = line.Color;
        }
        foreach (ChartMark mark in chart.Marks)
        {
            var line = plot.Add.VerticalLine(Math.Log2(mark.X), width: 1, color: Colors.LightGray);
            line.LabelText = mark.Text;
            line.LabelOppositeAxis = true;
            line.LabelFontColor = Colors.Gray;
            line.LabelBackgroundColor = Colors.Transparent;
            line.LabelFontSize = 11;
            line.ExcludeFromLegend = true;
        }
        IReadOnlyList<(double X, string Text)> ticks = chart.XTicks();
        plot.Axes.Bottom.SetTicks([.. ticks.Select(tick => Math.Log2(tick.X))], [.. ticks.Select(tick => tick.Text)]);
        double first = Math.Log2(chart.Xs[0]), last = Math.Log2(chart.Xs[^1]), padding = Math.Max(0.3, 0.04 * (last - first));
        plot.Axes.SetLimitsX(first - padding, last + padding);
        (double low, double high, double _) = chart.YRange();
        plot.Axes.SetLimitsY(low - 0.03 * (high - low), high + 0.03 * (high - low));
        plot.XLabel(chart.XLabel);
        plot.YLabel(chart.YLabel);
        plot.Title(chart.Title);
        plot.Grid.MajorLineColor = Color.FromHex("#e8ebef");
        if (s_fonts.FirstOrDefault(name => Fonts.GetTypeface(name, bold: false, italic: false).FamilyName == name) is { } font) plot.Font.Set(font);
        if (chart.Drawn.Count > 1)
        {
            plot.ShowLegend(Edge.Right);
            plot.Legend.OutlineColor = Colors.Transparent;
            plot.Legend.ShadowColor = Colors.Transparent;
        }
        return plot;
    }
}
