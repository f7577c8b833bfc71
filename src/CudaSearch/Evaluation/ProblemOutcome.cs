using CudaSearch.Answers;
using CudaSearch.Evaluation.Datasets;

namespace CudaSearch.Evaluation;

/// <summary>Whether each vote over the first <paramref name="K"/> completions of a problem was right.</summary>
/// <param name="K">Completions that took part.</param>
/// <param name="Naive">The answer of the best-scored completion is right.</param>
/// <param name="Weighted">The answer with the largest sum of scores is right.</param>
/// <param name="Majority">The most frequent answer is right.</param>
/// <param name="PassAtK">The estimated chance (0 to 1) that at least one of K completions, drawn from all of them, is right.</param>
public sealed record VoteOutcome(int K, bool Naive, bool Weighted, bool Majority, double PassAtK);

/// <summary>How one problem went in one run.</summary>
/// <param name="Seed">The run's seed: runs of different seeds give the spread.</param>
/// <param name="Level">The problem's level, if it has one.</param>
/// <param name="Subject">The problem's subject, if it has one.</param>
/// <param name="Votes">The outcome at each number of completions.</param>
public sealed record ProblemOutcome(int Seed, string? Level, string? Subject, IReadOnlyList<VoteOutcome> Votes)
{
    /// <summary>
    /// Grades a problem's completions at 1, 2, 4 … up to their number, or to a larger one: a search that stopped because its vote was decided wrote fewer than
    /// <paramref name="n"/>, and what those would have changed nothing about is the vote over all there are.
    /// </summary>
    /// <param name="seed">The run's seed.</param>
    /// <param name="row">The problem; it needs a reference answer.</param>
    /// <param name="answers">The extracted answer of each completion, at least one.</param>
    /// <param name="scores">The aggregated score of each completion.</param>
    /// <param name="n">How many completions were asked for; null for as many as there are.</param>
    public static ProblemOutcome Grade(int seed, DatasetRow row, IReadOnlyList<string> answers, IReadOnlyList<double> scores, int? n = null) =>
        Grade(seed, row, new Ballot(answers, scores, mayVote: null), n);

    /// <summary>As the other, where some completions may not vote. Pass@k counts all of them.</summary>
    internal static ProblemOutcome Grade(int seed, DatasetRow row, Ballot ballot, int? n = null)
    {
        string gold = row.Answer ?? throw new ArgumentException($"row {row.Index} has no reference answer", nameof(row));
        // Few of many answers are different ones.
        var verdicts = new Dictionary<string, bool>();
        int count = ballot.Answers.Count, right = ballot.AsWritten.Count(IsRight);
        return new ProblemOutcome(seed, row.Level, row.Subject, [.. Voting.SampleCounts(n ?? count).Select(k => Outcome(k, Math.Min(k, count)))]);

        VoteOutcome Outcome(int k, int written) => new(
            k, Wins(Vote.Naive, written), Wins(Vote.Weighted, written), Wins(Vote.Majority, written), Voting.PassAtK(count, right, written));

        bool Wins(Vote vote, int k) => IsRight(ballot.ChooseAsWritten(vote, k));

        bool IsRight(string answer) => verdicts.TryGetValue(answer, out bool known) ? known : verdicts[answer] = AnswerEquivalence.AreEqual(gold, answer);
    }
}
