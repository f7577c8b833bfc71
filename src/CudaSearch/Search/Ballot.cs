namespace CudaSearch.Search;

/// <summary>Writes the N answers of a vote: all at once, or in rounds and no more than it takes to decide it.</summary>
internal static class Ballot
{
    /// <summary>The answers, in the order of their random streams.</summary>
    /// <param name="context">The search.</param>
    /// <param name="judge">Makes completions of answers.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public static async Task<IReadOnlyList<Completion>> HoldAsync(
        SearchContext context, Func<WholeAnswer[], Task<Completion[]>> judge, CancellationToken cancellation)
    {
        SearchOptions options = context.Options;
        var judged = new List<Completion>();
        using IBranch prompt = context.Generator.Start(context.Problem);
        while (true)
        {
            int count = options.StopWhenDecided is { } vote ? PendingVote.FewestToDecide(vote, judged, options.N) : options.N - judged.Count;
            if (count == 0) return judged;
            Range streams = judged.Count..(judged.Count + count);
            judged.AddRange(await judge(await WholeAnswers.WriteAsync(context.Tree, prompt, streams, options.Sampling, cancellation)));
        }
    }
}
