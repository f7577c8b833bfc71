using System.Globalization;
using System.Text;
using System.Text.Json;
using CudaSearch.Evaluation.ComputeOptimal;

namespace ScalingCurve;

/// <summary>What each method cost, and what a choice of method by difficulty would gain, as Markdown.</summary>
internal static class CostTable
{
    public static string Render(Measurement measurement)
    {
        var text = new StringBuilder();
        text.AppendLine();
        text.AppendLine("Cost for all problems, mean over seeds; best-of-N at 64 contains its smaller N. Seconds where a run was made in one go.");
        text.AppendLine();
        text.AppendLine("| method | N | right, weighted, % | generated tokens | PRM tokens | seconds |");
        text.AppendLine("|---|---:|---:|---:|---:|---:|");
        foreach (IGrouping<(string Strategy, int N), string> runs in measurement.Files.GroupBy(KeyOf))
        {
            var usages = runs.Select(Usage).ToArray();
            string seconds = measurement.Seconds.TryGetValue(runs.Key, out List<double>? measured) ? Whole(measured.Average()) : "";
            double right = 100 * measurement.Table(runs.Key.Strategy, runs.Key.N).Overall[^1].Weighted.Mean;
            text.AppendLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {runs.Key.Strategy} | {runs.Key.N} | {right:F1} | {Whole(usages.Average(u => u.Generated))} | {Whole(usages.Average(u => u.Prm))} | {seconds} |"));
        }
        IReadOnlyList<GradedRun> graded = RunSet.Read([.. measurement.Files.Where(file => KeyOf(file).Strategy != "greedy")]);
        foreach (DifficultyMeasure difficulty in Enum.GetValues<DifficultyMeasure>())
        {
            text.AppendLine();
            text.AppendLine($"Compute-optimal, difficulty by {(difficulty == DifficultyMeasure.Oracle ? "oracle pass@1" : "mean PRM score")}, 5 bins, two-fold cross-validated:");
            text.AppendLine();
            text.AppendLine("| N | compute-optimal | best single method | gain | at least matches it | which | by difficulty, easiest first |");
            text.AppendLine("|---:|---:|---:|---:|---|---|---|");
            Difficulty bins = Difficulty.ByQuantile(Difficulty.Ease(graded, difficulty), bins: 5);
            foreach (int n in new[] { 4, 16, 64 })
            {
                if (Allocation.Of(graded, bins, n) is { } row)
                    text.AppendLine(
                        $"| {n} | {CurveTable.Percent(row.Optimal)} | {CurveTable.Percent(row.Single)} | {CurveTable.Percent(row.Gain)} | {row.AtLeastMatches} | {row.SingleName} | "
                        + $"{string.Join(" · ", row.Choices.Select(choice => choice.Name))} |");
            }
        }
        return text.ToString();
    }

    private static (string Strategy, int N) KeyOf(string file)
    {
        string[] parts = Path.GetFileNameWithoutExtension(file).Split('-');
        return (string.Join('-', parts[..^2]), int.Parse(parts[^2], CultureInfo.InvariantCulture));
    }

    private static (double Generated, double Prm) Usage(string file)
    {
        (double Generated, double Prm) sum = default;
        foreach (string line in File.ReadLines(file))
        {
            using JsonDocument record = JsonDocument.Parse(line);
            JsonElement usage = record.RootElement.GetProperty("usage");
            sum.Generated += usage.GetProperty("generated_tokens").GetInt64();
            sum.Prm += usage.GetProperty("prm_tokens").GetInt64();
        }
        return sum;
    }

    private static string Whole(double value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
