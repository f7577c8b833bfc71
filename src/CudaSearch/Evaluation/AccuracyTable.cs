namespace CudaSearch.Evaluation;

/// <summary>A share of right answers.</summary>
/// <param name="Mean">The mean over seeds, 0 to 1.</param>
/// <param name="StandardDeviation">The sample standard deviation over seeds; null with a single seed.</param>
public readonly record struct Accuracy(double Mean, double? StandardDeviation)
{
    /// <summary>The mean and spread of one value a seed.</summary>
    internal static Accuracy Of(IReadOnlyList<double> seeds)
    {
        double mean = seeds.Average();
        double? deviation = seeds.Count < 2 ? null : Math.Sqrt(seeds.Sum(value => (value - mean) * (value - mean)) / (seeds.Count - 1));
        return new Accuracy(mean, deviation);
    }
}

/// <summary>The accuracy of every vote on a group of problems at one number of completions.</summary>
/// <param name="Group">The level or subject; "all" for all problems.</param>
/// <param name="K">Completions that took part in the votes.</param>
/// <param name="Problems">Graded problems, a problem counting once a seed.</param>
/// <param name="Seeds">Runs with different seeds.</param>
/// <param name="Naive">Best-of-N: the answer of the best-scored completion.</param>
/// <param name="Weighted">Weighted best-of-N: the largest sum of scores.</param>
/// <param name="Majority">The most frequent answer.</param>
/// <param name="PassAtK">At least one of K completions is right: the most that any choice among them could reach.</param>
public sealed record AccuracyRow(string Group, int K, int Problems, int Seeds, Accuracy Naive, Accuracy Weighted, Accuracy Majority, Accuracy PassAtK);

/// <summary>Accuracy by vote and number of completions: over all problems, by level and by subject.</summary>
/// <param name="Overall">One row for each number of completions, rising.</param>
/// <param name="ByLevel">Rows by level in the order of its number or name, then by number of completions; empty where no problem has a
/// level.</param>
/// <param name="BySubject">Rows by subject in alphabetical order, then by number of completions; empty where no problem has a
/// subject.</param>
public sealed record AccuracyTable(IReadOnlyList<AccuracyRow> Overall, IReadOnlyList<AccuracyRow> ByLevel, IReadOnlyList<AccuracyRow> BySubject)
{
    /// <summary>Averages outcomes: first over the problems of a seed, then over seeds.</summary>
    public static AccuracyTable Compute(IEnumerable<ProblemOutcome> outcomes)
    {
        List<ProblemOutcome> all = [.. outcomes];
        return new AccuracyTable(Rows("all", all), Grouped(all, outcome => outcome.Level), Grouped(all, outcome => outcome.Subject));
    }

    private static List<AccuracyRow> Grouped(List<ProblemOutcome> outcomes, Func<ProblemOutcome, string?> key) =>
    [
        .. outcomes.Where(outcome => key(outcome) is not null).GroupBy(outcome => key(outcome)!)
            .OrderBy(group => int.TryParse(group.Key, out int number) ? number : int.MaxValue).ThenBy(group => group.Key, StringComparer.Ordinal)
            .SelectMany(group => Rows(group.Key, group)),
    ];

    private static List<AccuracyRow> Rows(string group, IEnumerable<ProblemOutcome> outcomes) =>
    [
        .. outcomes.SelectMany(outcome => outcome.Votes.Select(vote => (outcome.Seed, Vote: vote)))
            .GroupBy(entry => entry.Vote.K, (k, entries) => Row(group, k, [.. entries])).OrderBy(row => row.K),
    ];

    private static AccuracyRow Row(string group, int k, List<(int Seed, VoteOutcome Vote)> entries)
    {
        ILookup<int, VoteOutcome> seeds = entries.ToLookup(entry => entry.Seed, entry => entry.Vote);
        return new AccuracyRow(group, k, entries.Count, seeds.Count,
            Mean(vote => vote.Naive ? 1 : 0), Mean(vote => vote.Weighted ? 1 : 0), Mean(vote => vote.Majority ? 1 : 0), Mean(vote => vote.PassAtK));

        Accuracy Mean(Func<VoteOutcome, double> value) => Accuracy.Of([.. seeds.Select(votes => votes.Average(value))]);
    }
}
