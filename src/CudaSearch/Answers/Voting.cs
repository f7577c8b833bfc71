namespace CudaSearch.Answers;

/// <summary>How the completions of a problem agree on one answer.</summary>
public enum Vote
{
    /// <summary>The answer of the completion with the best score ("best-of-N").</summary>
    Naive,

    /// <summary>The answer whose completions have the largest sum of scores ("weighted best-of-N").</summary>
    Weighted,

    /// <summary>The answer that most completions give, whatever their scores.</summary>
    Majority,
}

/// <summary>
/// Votes over the first k completions, with search-and-learn's tie rules. Answers with the same canonical form make one group; a vote
/// returns the original text of the winning group's first member. Sums are double precision in the order of the completions.
/// </summary>
public static class Voting
{
    /// <summary>
    /// The numbers of completions for which search-and-learn reports votes: the powers of two up to <paramref name="n"/>.
    /// </summary>
    public static IReadOnlyList<int> SampleCounts(int n)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(n, 1);
        List<int> counts = [];
        for (long k = 1; k <= n; k *= 2) counts.Add((int)k);
        return counts;
    }

    /// <summary>The answer that a vote over the first <paramref name="k"/> completions chooses.</summary>
    /// <param name="vote">Which vote.</param>
    /// <param name="answers">The extracted answer of each completion.</param>
    /// <param name="canonical">The canonical form of each answer (<see cref="CanonicalAnswer.Of"/>); not read by the naive vote.</param>
    /// <param name="scores">The aggregated score of each completion, none of them NaN; not read by the majority vote.</param>
    /// <param name="k">How many completions take part, from the first on.</param>
    public static string Choose(
        Vote vote, IReadOnlyList<string> answers, IReadOnlyList<string> canonical, IReadOnlyList<double> scores, int k) => vote switch
    {
        Vote.Naive => Naive(answers, scores, k),
        Vote.Weighted => Weighted(answers, canonical, scores, k),
        Vote.Majority => Majority(answers, canonical, k),
        _ => throw new ArgumentOutOfRangeException(nameof(vote)),
    };

    /// <summary>The answer of the best-scored of the first <paramref name="k"/> completions; the first of equals.</summary>
    public static string Naive(IReadOnlyList<string> answers, IReadOnlyList<double> scores, int k)
    {
        CheckCount(answers.Count, scores.Count, k);
        int best = 0;
        for (int i = 0; i < k; i++)
            if (CheckedScore(scores, i) > scores[best]) best = i;
        return answers[best];
    }

    /// <summary>
    /// The answer with the largest sum of scores among the first <paramref name="k"/>; of equal sums the one that appeared first.
    /// </summary>
    public static string Weighted(IReadOnlyList<string> answers, IReadOnlyList<string> canonical, IReadOnlyList<double> scores, int k)
    {
        CheckCount(answers.Count, scores.Count, k);
        return Heaviest(answers, canonical, k, i => CheckedScore(scores, i));
    }

    /// <summary>
    /// The most frequent answer among the first <paramref name="k"/>; of equally frequent ones the one that appeared first.
    /// </summary>
    public static string Majority(IReadOnlyList<string> answers, IReadOnlyList<string> canonical, int k) => Heaviest(answers, canonical, k, _ => 1);

    /// <summary>
    /// The unbiased estimate of the chance that at least one of k completions is right, from n completions of which c are: 1 − C(n−c, k) /
    /// C(n, k), as a product so that nothing overflows.
    /// </summary>
    /// <param name="n">Completions.</param>
    /// <param name="c">Right completions, 0 to n.</param>
    /// <param name="k">Completions drawn, 1 to n.</param>
    public static double PassAtK(int n, int c, int k)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(k, n);
        ArgumentOutOfRangeException.ThrowIfNegative(c);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(c, n);
        if (n - c < k) return 1;
        double allWrong = 1;
        for (int i = n - c + 1; i <= n; i++) allWrong *= 1 - (double)k / i;
        return 1 - allWrong;
    }

    /// <summary>An answer as search-and-learn stores predictions: <c>\boxed{answer}</c>.</summary>
    public static string Box(string answer) => $@"\boxed{{{answer}}}";

    private static string Heaviest(IReadOnlyList<string> answers, IReadOnlyList<string> canonical, int k, Func<int, double> weight)
    {
        CheckCount(answers.Count, canonical.Count, k);
        Dictionary<string, int> groupOf = new(StringComparer.Ordinal);
        List<(int First, double Weight)> groups = []; // in order of first appearance
        for (int i = 0; i < k; i++)
        {
            if (groupOf.TryAdd(canonical[i], groups.Count)) groups.Add((i, 0));
            int group = groupOf[canonical[i]];
            groups[group] = (groups[group].First, groups[group].Weight + weight(i));
        }
        return answers[groups.MaxBy(group => group.Weight).First]; // MaxBy keeps the first of equals
    }

    private static double CheckedScore(IReadOnlyList<double> scores, int i) =>
        double.IsNaN(scores[i]) ? throw new ArgumentException($"the score of completion {i} is NaN", nameof(scores)) : scores[i];

    private static void CheckCount(int answers, int others, int k)
    {
        if (answers != others) throw new ArgumentException($"{answers} answers, but {others} scores or canonical forms");
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(k, answers);
    }
}
