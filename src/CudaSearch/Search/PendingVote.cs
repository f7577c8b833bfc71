using CudaSearch.Answers;

namespace CudaSearch.Search;

/// <summary>
/// A vote over N answers of which only some are written, for <see cref="SearchOptions.StopWhenDecided"/>. An answer to come adds at most 1 to one group of
/// equal answers: a voice, or a score. What is decided is the vote's answer; which of the equal texts stands for it is the first one's, as always.
/// </summary>
internal static class PendingVote
{
    // Sums of scores are rounded; a lead must exceed what is to come by more than that.
    private const double RoundingSlack = 1e-9;

    /// <summary>
    /// The fewest further answers after which the vote can be decided: 0 when it is. To write just so many at a time wastes none, and what is written depends
    /// on the answers alone, never on which is finished first.
    /// </summary>
    /// <param name="vote">Majority or weighted; the others cannot be decided early, as any answer to come may have the best score.</param>
    /// <param name="written">The answers so far.</param>
    /// <param name="n">How many there are to be.</param>
    public static int FewestToDecide(Vote vote, IReadOnlyList<Completion> written, int n)
    {
        int left = n - written.Count;
        double lead = Lead(vote, written);
        if (left == 0 || lead >= left) return 0;
        // If all of the next w are for the leader, it leads by lead + w, and left - w are to come.
        return Math.Clamp((int)Math.Ceiling((left - lead) / 2), 1, left);
    }

    /// <summary>By how much the first-placed answer is ahead of the next, where a draw that it would lose counts as 1 less in a majority vote.</summary>
    private static double Lead(Vote vote, IReadOnlyList<Completion> written)
    {
        if (written.Count == 0) return 0;
        // GroupBy yields groups in the order of their first members, who win draws.
        double[] weights =
        [
            .. written.GroupBy(answer => CanonicalAnswer.Of(AnswerExtractor.Extract(answer.Text)), StringComparer.Ordinal)
                .Select(group => vote == Vote.Majority ? group.Count() : group.Sum(answer => answer.Aggregate)),
        ];
        int winner = Selection.ArgMax(weights);
        // An answer that nobody gave yet has weight 0 and loses every draw.
        double lead = weights[winner];
        for (int i = 0; i < weights.Length; i++)
            if (i != winner) lead = Math.Min(lead, weights[winner] - weights[i] - (vote == Vote.Majority && i < winner ? 1 : 0));
        return vote == Vote.Majority ? lead : lead - RoundingSlack;
    }
}
