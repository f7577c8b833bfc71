using System.Text;
using CudaSearch.Evaluation;

namespace ScalingCurve;

/// <summary>The measurement as Markdown.</summary>
internal static class CurveTable
{
    public static string Render(IReadOnlyList<Curve> curves, Measurement measurement, Workbench workbench)
    {
        int[] sizes = [1, 4, 16, 64];
        var text = new StringBuilder();
        text.AppendLine($"Right answers in %, {measurement.Problems} held-out problems, mean ± standard deviation over {measurement.Seeds} seeds, temperature 0.8. {workbench.Device}.");
        text.AppendLine();
        text.AppendLine("| method | " + string.Join(" | ", sizes.Select(n => $"N = {n}")) + " |");
        text.AppendLine("|---|" + string.Concat(Enumerable.Repeat("---:|", sizes.Length)));
        foreach (Curve curve in curves)
            text.AppendLine($"| {curve.Name} | " + string.Join(" | ", sizes.Select(n => Cell(curve.Points.FirstOrDefault(point => point.N == n)))) + " |");
        foreach (Method method in measurement.Methods.Where(method => method.MaxTokens != Method.UsualMaxTokens))
        {
            text.AppendLine();
            text.AppendLine($"{method.Title}: answers of at most {method.MaxTokens} tokens.");
        }
        text.AppendLine();
        text.AppendLine("| at N = 64, by level | 1 | 2 | 3 | 4 | 5 |");
        text.AppendLine("|---|---:|---:|---:|---:|---:|");
        foreach ((string name, string strategy) in measurement.Methods.Select(method => ($"{method.Title}, weighted", method.Strategy)).Prepend(("best-of-N, weighted", "best-of-n")))
        {
            IEnumerable<AccuracyRow> levels = measurement.Table(strategy, 64).ByLevel.Where(row => row.K == 64);
            text.AppendLine($"| {name} | " + string.Join(" | ", levels.Select(row => $"{100 * row.Weighted.Mean:F1}")) + " |");
        }
        return text.ToString();
    }

    public static string Percent(Accuracy accuracy) =>
        $"{100 * accuracy.Mean:F1}" + (accuracy.StandardDeviation is { } deviation ? $" ± {100 * deviation:F1}" : "");

    private static string Cell(Point? point) => point is null ? "" : Percent(point.Accuracy);
}
