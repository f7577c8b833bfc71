namespace CudaSearch.Search;

/// <summary>
/// Monte Carlo tree search over steps. Each round walks from the root to where the upper confidence bound of the score is largest, samples BeamWidth next steps
/// there, and reports their scores, in the place of rollouts, to all steps above. A finished answer that is reached again vouches for the steps before it:
/// its parent is sampled from anew. N answers make a result, in the order they finished.
/// (Kocsis and Szepesvári 2006, "Bandit based Monte-Carlo planning", section 2.2, for the bound; the process reward as value and BeamWidth sampled children
/// as in Zhang et al. 2024, "ReST-MCTS*", section 3.2)
/// </summary>
public sealed class Mcts : ISearchStrategy
{
    /// <inheritdoc/>
    public string Name => "mcts";

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
        // Every beam of the tree that may still be written on. The first is the root; a step's stream is its number.
        using OwnedList<Beam> open = Beam.StartAll(context, context.RequireVerifier(this), count: 1);
        var root = new MctsNode(open[0], parent: null);

        for (int steps = 0; completed.Count < options.N; steps += options.BeamWidth)
        {
            MctsNode parent = root.Select(options.Exploration);
            Beam[] children = Expand(parent, open, firstStream: steps, options.BeamWidth);
            // What beam search spends at most is enough looking around: from then on every step runs to the end of its answer.
            int iteration = steps >= MostSteps(options) ? options.Iterations - 1 : parent.Depth;
            Step[] written = await Round.AdvanceAsync(children, options, iteration, context.Tree, cancellation);
            foreach (Beam child in children) parent.Add(child).Report(child.Judged.Aggregate);
            Round.End(children, written, options.IsLast(iteration), context.Tree);
            completed.AddRange(children.Where(child => child.Ended).Select(child => child.Judged));
            open.Keep(beam => !beam.Ended);
        }

        foreach (MctsNode leaf in root.Leaves().Where(leaf => !leaf.Beam.Ended)) leaf.Beam.Decide(context.Tree, NodeState.Pruned);
        return Selection.WithBest(completed[..options.N]);
    }

    private static long MostSteps(SearchOptions options) => (long)options.N * options.Iterations;

    private static Beam[] Expand(MctsNode parent, OwnedList<Beam> open, int firstStream, int width)
    {
        var children = new Beam[width];
        for (int i = 0; i < width; i++) open.Add(children[i] = parent.Beam.Fork(firstStream + i));
        return children;
    }
}
