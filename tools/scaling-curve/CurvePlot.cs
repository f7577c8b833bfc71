using CudaSearch.Cli.Plots;
using CudaSearch.Evaluation.Reports;

namespace ScalingCurve;

/// <summary>Accuracy against N, N on a logarithmic axis.</summary>
internal static class CurvePlot
{
    private const int BoundColor = 8;

    public static void Save(IReadOnlyList<Curve> curves, string png, string svg) => PlotFiles.Save(
        new ChartSpec(
            "curve", "TinyMath, 350 held-out problems", "N, completions or beams", "right answers, %", ChartScale.Doubling,
            [.. curves.Select((curve, i) => new ChartSeries(curve.Name, IsBound(curve) ? BoundColor : i % BoundColor, [.. curve.Points.Select(Of)], IsBound(curve)))], []),
        png, svg);

    private static bool IsBound(Curve curve) => curve.Name == "pass@N";

    private static ChartPoint Of(Point point) => new(point.N, 100 * point.Accuracy.Mean, 100 * point.Accuracy.StandardDeviation, "");
}
