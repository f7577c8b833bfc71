using CudaSearch.Answers;
using CudaSearch.Evaluation.ComputeOptimal;
using CudaSearch.Search;

namespace CudaSearch.Evaluation.Reports;

/// <summary>One point of a method's curve.</summary>
/// <param name="N">Completions or beams.</param>
/// <param name="Row">Accuracy over all problems.</param>
/// <param name="Seeds">The runs it is from.</param>
/// <param name="Share">The share of these runs' cost that N completions of theirs stand for: below 1 for the first N of more independent samples.</param>
public sealed record MethodPoint(int N, AccuracyRow Row, IReadOnlyList<ReportRun> Seeds, double Share)
{
    /// <summary>Mean over seeds and problems of a cost; null where some run does not know it.</summary>
    public double? Cost(Func<RunCost, double?> of)
    {
        List<double?> costs = [.. Seeds.Select(run => of(run.Cost) / run.Problems.Count * Share)];
        return costs.Contains(null) ? null : costs.Average();
    }
}

/// <summary>A strategy with its settings: all its runs, over N and seeds.</summary>
/// <param name="Name">The strategy, and where several differ in them its settings.</param>
/// <param name="IsScored">Whether votes by score mean something.</param>
/// <param name="Points">Its curve, by rising N.</param>
/// <param name="Runs">Its runs.</param>
public sealed record ReportMethod(string Name, bool IsScored, IReadOnlyList<MethodPoint> Points, IReadOnlyList<ReportRun> Runs)
{
    // Settings that these strategies do not look at.
    private static readonly string[] s_treeSettings = ["beam-width=", "iterations=", "lookahead="];

    /// <summary>The vote that decides: by scores where there are any.</summary>
    public Vote Vote => IsScored ? Vote.Weighted : Vote.Majority;

    /// <summary>The accuracy of that vote.</summary>
    public Accuracy Decided(AccuracyRow row) => IsScored ? row.Weighted : row.Majority;

    /// <summary>Finds the methods among runs of the same problems, from the cheapest strategy to the dearest.</summary>
    public static IReadOnlyList<ReportMethod> Among(IReadOnlyList<ReportRun> runs)
    {
        List<IGrouping<(string Strategy, string Model, string Prm, string Settings), ReportRun>> groups =
            [.. runs.GroupBy(run => (run.Graded.Strategy, run.Model, run.Prm ?? "", SettingsOf(run.Graded))).OrderBy(group => RankOf(group.Key.Strategy))];
        return [.. groups.Select(group => new ReportMethod(NameOf(group.Key, [.. groups.Select(other => other.Key)]), group.First().Graded.IsScored, Curve([.. group]), [.. group]))];
    }

    private static int RankOf(string strategy) =>
        Enumerable.Range(0, SearchStrategies.All.Count).FirstOrDefault(i => SearchStrategies.All[i].Name == strategy, SearchStrategies.All.Count);

    private static string SettingsOf(GradedRun run) => string.Join(' ', run.Settings.Split(' ')
        .Where(setting => !(run.IsIndependent || run.Strategy == "greedy") || !s_treeSettings.Any(name => setting.StartsWith(name, StringComparison.Ordinal))));

    /// <summary>A tree search is a point for each N it was run with; of independent samples the first N of the largest run are one too.</summary>
    private static List<MethodPoint> Curve(IReadOnlyList<ReportRun> runs)
    {
        var points = new SortedDictionary<int, MethodPoint>();
        foreach (IGrouping<int, ReportRun> sized in runs.GroupBy(run => run.Graded.N).OrderBy(sized => sized.Key))
        {
            IReadOnlyList<AccuracyRow> rows = AccuracyTable.Compute(sized.SelectMany(run => run.Outcomes)).Overall;
            foreach (AccuracyRow row in sized.First().Graded.IsIndependent ? rows : [rows[^1]])
            {
                int n = sized.First().Graded.IsIndependent ? row.K : sized.Key;
                points[n] = new MethodPoint(n, row, [.. sized], (double)n / sized.Key);
            }
        }
        return [.. points.Values];
    }

    private static string NameOf((string Strategy, string Model, string Prm, string Settings) own, List<(string Strategy, string Model, string Prm, string Settings)> all)
    {
        List<string> parts = [own.Strategy];
        if (all.Select(other => other.Model).Distinct().Count() > 1) parts.Add(own.Model);
        if (own.Prm.Length > 0 && all.Select(other => other.Prm).Where(prm => prm.Length > 0).Distinct().Count() > 1) parts.Add($"judged by {own.Prm}");
        List<string[]> same = [.. all.Where(other => other.Strategy == own.Strategy).Select(other => other.Settings.Split(' '))];
        parts.AddRange(own.Settings.Split(' ').Where(setting => !same.TrueForAll(other => other.Contains(setting))));
        return string.Join(", ", parts);
    }
}
