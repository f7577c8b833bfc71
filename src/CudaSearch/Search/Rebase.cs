namespace CudaSearch.Search;

/// <summary>
/// Reward-balanced search: N answers grow step by step, and after every step the unfinished ones share the children of the next round by the softmax of
/// their scores. An answer that finishes takes its place out of the budget, so exactly N are written, and none that grows costs more than its score is worth.
/// The paper rounds each share by itself, which can miss the budget; here the roundings add up to it.
/// (Wu et al. 2024, "Inference Scaling Laws", section "Reward Balanced Search")
/// </summary>
public sealed class Rebase : ISearchStrategy
{
    /// <inheritdoc/>
    public string Name => "rebase";

    /// <inheritdoc/>
    public bool NeedsVerifier => true;

    /// <inheritdoc/>
    public void Validate(SearchOptions options) => options.Validate();

    /// <inheritdoc/>
    public async Task<SearchResult> SearchAsync(SearchContext context, CancellationToken cancellation = default)
    {
        Validate(context.Options);
        SearchOptions options = context.Options;
        var completed = new List<Completion>();
        using OwnedList<Beam> live = Beam.StartAll(context, context.RequireVerifier(this), options.N);

        for (int iteration = 0; live.Count > 0; iteration++)
        {
            Step[] steps = await Round.AdvanceAsync(live, options, iteration, context.Tree, cancellation);
            completed.AddRange(Round.Retire(live, steps, options.IsLast(iteration), context.Tree));
            if (live.Count > 0) Allot(live, options.N - completed.Count, options.BalanceTemperature, context.Tree);
        }
        return Selection.WithBest(completed);
    }

    /// <summary>Replaces every beam by as many copies as its score earns; child i of the round draws from stream i.</summary>
    private static void Allot(OwnedList<Beam> live, int budget, double temperature, SearchTree tree)
    {
        Beam[] parents = [.. live];
        int[] children = Shares.Apportion(Shares.Softmax([.. parents.Select(beam => beam.Judged.Aggregate)], temperature), budget);
        for (int i = 0; i < parents.Length; i++)
            if (children[i] == 0) parents[i].Decide(tree, NodeState.Pruned, DecisionReason.NoShare);
        int[] parentOf = [.. children.SelectMany((count, parent) => Enumerable.Repeat(parent, count))];
        live.Replace(parentOf.Select<int, Func<Beam>>((parent, stream) => () => parents[parent].Fork(stream)));
    }
}
