using System.Text.Json;
using CudaSearch.Answers;

namespace CudaSearch.Evaluation;

/// <summary>
/// The completions of a problem as voters. Those without the right to vote are passed over as long as another one takes part.
/// </summary>
public sealed class Ballot
{
    private readonly List<string> _canonical;
    private readonly IReadOnlyList<bool>? _mayVote;

    /// <summary>A ballot over these.</summary>
    /// <param name="answers">The extracted answer of each completion, at least one.</param>
    /// <param name="scores">The aggregated score of each.</param>
    /// <param name="mayVote">Which of them may vote; null: all.</param>
    /// <param name="asWritten">The answers before normalisation, which cuts them roughly; null: the same.</param>
    public Ballot(IReadOnlyList<string> answers, IReadOnlyList<double> scores, IReadOnlyList<bool>? mayVote, IReadOnlyList<string>? asWritten = null)
    {
        Answers = answers;
        AsWritten = asWritten ?? answers;
        Scores = scores;
        _canonical = [.. answers.Select(CanonicalAnswer.Of)];
        _mayVote = mayVote;
    }

    /// <summary>The answer of each completion as it was written: what is graded.</summary>
    public IReadOnlyList<string> AsWritten { get; }

    /// <summary>The answer of each completion, normalised: what is voted on.</summary>
    public IReadOnlyList<string> Answers { get; }

    /// <summary>The aggregated score of each.</summary>
    public IReadOnlyList<double> Scores { get; }

    /// <summary>Whether all may vote.</summary>
    public bool AllVote => _mayVote?.All(may => may) ?? true;

    /// <summary>The ballot of a record; what is missing or of another kind throws what <see cref="JsonElement"/> throws.</summary>
    internal static Ballot Read(JsonElement record) => Of(
        [.. record.GetProperty("completions").EnumerateArray().Select(text => text.GetString()!)],
        [.. record.GetProperty("agg_scores").EnumerateArray().Select(score => score.GetDouble())],
        record.TryGetProperty("finished", out JsonElement flags) ? [.. flags.EnumerateArray().Select(flag => flag.GetBoolean())] : null);

    /// <summary>The ballot of completions, given their texts.</summary>
    internal static Ballot Of(IReadOnlyList<string> completions, IReadOnlyList<double> scores, IReadOnlyList<bool>? mayVote) =>
        new([.. completions.Select(AnswerExtractor.Extract)], scores, mayVote, [.. completions.Select(AnswerExtractor.ExtractRaw)]);

    /// <summary>The answer that the first <paramref name="k"/> completions choose, as the first of them that gives it wrote it.</summary>
    public string ChooseAsWritten(Vote vote, int k)
    {
        string chosen = Choose(vote, k);
        return AsWritten[Enumerable.Range(0, k).First(i => Answers[i] == chosen)];
    }

    /// <summary>The answer that the first <paramref name="k"/> completions choose.</summary>
    public string Choose(Vote vote, int k)
    {
        int[] voters = [.. Enumerable.Range(0, k).Where(i => _mayVote?[i] ?? true)];
        if (voters.Length == 0) voters = [.. Enumerable.Range(0, k)];
        if (voters.Length == k) return Voting.Choose(vote, Answers, _canonical, Scores, k);
        return Voting.Choose(vote, Of(Answers), Of(_canonical), Of(Scores), voters.Length);

        List<T> Of<T>(IReadOnlyList<T> all) => [.. voters.Select(i => all[i])];
    }
}
