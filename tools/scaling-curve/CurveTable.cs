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
        text.AppendLine();
        text.AppendLine("| at N = 64, by level | 1 | 2 | 3 | 4 | 5 |");
        text.AppendLine("|---|---:|---:|---:|---:|---:|");
        foreach ((string name, string strategy) in new[] { ("best-of-N, weighted", "best-of-n"), ("beam search, weighted", "beam"), ("DVTS, weighted", "dvts") })
        {
            IEnumerable<AccuracyRow> levels = measurement.Table(strategy, 64).ByLevel.Where(row => row.K == 64);
            text.AppendLine($"| {name} | " + string.Join(" | ", levels.Select(row => $"{100 * row.Weighted.Mean:F1}")) + " |");
        }
        if (measurement.Seconds.Count == 0) return text.ToString();
        text.AppendLine();
        text.AppendLine("Seconds for all problems, median over seeds: " + string.Join(
            ", ", measurement.Seconds.Select(run => $"{run.Key.Strategy} n={run.Key.N}: {run.Value.Order().ElementAt(run.Value.Count / 2):F0}")) + ".");
        return text.ToString();
    }

    private static string Cell(Point? point) => point is null
        ? ""
        : $"{100 * point.Accuracy.Mean:F1}" + (point.Accuracy.StandardDeviation is { } deviation ? $" ± {100 * deviation:F1}" : "");
}
