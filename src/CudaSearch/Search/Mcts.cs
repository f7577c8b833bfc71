namespace CudaSearch.Search;

/// <summary>
/// Monte Carlo tree search over steps: each round walks from the root down the largest upper confidence bounds, samples BeamWidth steps where it ends, and lets
/// their scores, in the place of rollouts, decide what the steps above are worth. At every step a new successor competes with those there are: a good step
/// whose successors fail is sampled from again. N answers make a result, in the order they finished.
/// (UCB: Kocsis and Szepesvári 2006, "Bandit based Monte-Carlo Planning", section 2.2. Process reward as value: Zhang et al. 2024, "ReST-MCTS*", section 3.
/// The new successor as a choice of its own: Misaki et al. 2025, "Wider or Deeper? Scaling LLM Inference-Time Compute with Adaptive Branching Tree Search",
/// section 3. A step is worth its best way on, not the mean of all: the reward is not as noisy as a rollout.)
/// </summary>
public sealed class Mcts : ISearchStrategy
{
    /// <summary>
    /// Steps sampled, for each answer and each level of the tree, before the search only finishes the best answers it has: twice what beam search spends.
    /// </summary>
    private const long StepsPerAnswerAndLevel = 2;

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
        // Every beam of the tree that may still be written on, the root first.
        using OwnedList<Beam> open = Beam.StartAll(context, context.RequireVerifier(this), count: 1);
        var root = new MctsNode(open[0], parent: null);

        int levels = 0;
        for (int steps = 0; completed.Count < options.N; steps += options.BeamWidth)
        {
            bool spent = steps >= StepsPerAnswerAndLevel * options.N * (levels + 1);
            MctsNode parent = root.Select(spent ? 0 : options.Exploration);
            levels = Math.Max(levels, parent.Depth + 1);
            int iteration = spent ? options.Iterations - 1 : parent.Depth;
            Beam[] children = Sample(parent, open, firstStream: steps, options.BeamWidth);
            Step[] written = await Round.AdvanceAsync(children, options, iteration, context.Tree, cancellation);
            Round.End(children, written, options.IsLast(iteration), context.Tree);
            parent.Add(children);
            completed.AddRange(children.Where(child => child.Ended).Select(child => child.Judged));
            open.Keep(beam => !beam.Ended);
        }

        foreach (MctsNode leaf in root.Leaves().Where(leaf => !leaf.Beam.Ended)) leaf.Beam.Decide(context.Tree, NodeState.Pruned, DecisionReason.SearchEnded);
        return Selection.WithBest(completed[..options.N]);
    }

    /// <summary>Copies of a step's beam to write on, each on a stream that no other step of the tree draws from.</summary>
    private static Beam[] Sample(MctsNode parent, OwnedList<Beam> open, int firstStream, int width)
    {
        var children = new Beam[width];
        for (int i = 0; i < width; i++) open.Add(children[i] = parent.Beam.Fork(firstStream + i));
        return children;
    }
}
