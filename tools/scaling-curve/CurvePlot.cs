using CudaSearch.Cli.Plots;
using CudaSearch.Evaluation.Reports;

namespace ScalingCurve;

/// <summary>Accuracy against N, N on a logarithmic axis.</summary>
internal static class CurvePlot
{
    public static void Save(IReadOnlyList<Curve> curves, string png, string svg) => PlotFiles.Save(
        new ChartSpec(
            "curve", "TinyMath, 350 held-out problems", "N, completions or beams", "right answers, %", ChartScale.Doubling,
            [.. curves.Select(Series)], []),
        png, svg);

    private static ChartSeries Series(Curve curve, int index)
    {
        ChartPoint[] points = [.. curve.Points.Select(Of)];
        return curve.Name == "pass@N" ? ChartSeries.Bound(curve.Name, points) : ChartSeries.Method(curve.Name, index, points);
    }

    private static ChartPoint Of(Point point) => new(point.N, 100 * point.Accuracy.Mean, 100 * point.Accuracy.StandardDeviation, "");
}
