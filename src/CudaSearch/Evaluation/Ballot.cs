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
    public Ballot(IReadOnlyList<string> answers, IReadOnlyList<double> scores, IReadOnlyList<bool>? mayVote)
    {
        Answers = answers;
        Scores = scores;
        _canonical = [.. answers.Select(CanonicalAnswer.Of)];
        _mayVote = mayVote;
    }

    /// <summary>The answer of each completion.</summary>
    public IReadOnlyList<string> Answers { get; }

    /// <summary>The aggregated score of each.</summary>
    public IReadOnlyList<double> Scores { get; }

    /// <summary>Whether all may vote.</summary>
    public bool AllVote => _mayVote?.All(may => may) ?? true;

    /// <summary>The ballot of a record; what is missing or of another kind throws what <see cref="JsonElement"/> throws.</summary>
    internal static Ballot Read(JsonElement record) => new(
        [.. record.GetProperty("completions").EnumerateArray().Select(text => AnswerExtractor.Extract(text.GetString()!))],
        [.. record.GetProperty("agg_scores").EnumerateArray().Select(score => score.GetDouble())],
        record.TryGetProperty("finished", out JsonElement flags) ? [.. flags.EnumerateArray().Select(flag => flag.GetBoolean())] : null);

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
