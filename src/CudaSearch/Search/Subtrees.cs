using CudaSearch.Engine;

namespace CudaSearch.Search;

/// <summary>
/// N / BeamWidth subtrees that never compete. Each grows by BeamWidth candidate steps an iteration, of which its best lives on, whoever judges them. Kept from
/// search-and-learn: the result holds the last candidates of every subtree, unfinished siblings of the best included.
/// </summary>
internal static class Subtrees
{
    /// <summary>Kept from the original: a subtree is done once its text holds this; the whole text, since two steps may spell it.</summary>
    private const string BoxedAnswer = "boxed{";

    /// <summary>Grows the subtrees to their ends. Subtree s owns the streams and the places in the result from s * BeamWidth on.</summary>
    /// <param name="context">The search.</param>
    /// <param name="roots">A beam without text for each subtree, whose stream is its first.</param>
    /// <param name="sampling">How the steps of an iteration are drawn.</param>
    /// <param name="judge">Judges all candidates of an iteration, given their newest steps.</param>
    /// <param name="cancellation">Ends the search.</param>
    public static async Task<SearchResult> GrowAsync(
        SearchContext context, OwnedList<Beam> roots, Func<int, GenerationOptions> sampling, Func<IReadOnlyList<Beam>, Step[], Task> judge,
        CancellationToken cancellation)
    {
        SearchOptions options = context.Options;
        int width = options.BeamWidth;
        var lastCandidates = new Completion[options.N];
        OwnedList<Beam> live = roots;

        for (int iteration = 0; iteration < options.Iterations && live.Count > 0; iteration++)
        {
            Expand(live, width);
            context.Tree.BeginIteration();
            Step[] steps = await StepGenerator.StepAllAsync(
                [.. live.Select(beam => beam.Branch)], sampling(iteration), options.LookaheadIn(iteration), cancellation);
            for (int i = 0; i < steps.Length; i++) live[i].Record(context.Tree, steps[i]);
            await judge(live, steps);
            for (int i = 0; i < steps.Length; i++) lastCandidates[live[i].Stream] = live[i].Judged with { Finished = IsFinished(live[i], steps[i]) };
            KeepBest(live, steps, width, context.Tree);
        }

        foreach (Beam beam in live) beam.Decide(context.Tree, NodeState.Pruned, DecisionReason.SearchEnded);
        return Selection.WithBest(lastCandidates);
    }

    /// <summary>Replaces the beam of every subtree by <paramref name="width"/> copies: candidates in groups, subtree by subtree.</summary>
    private static void Expand(OwnedList<Beam> live, int width)
    {
        Beam[] chosen = [.. live];
        live.Replace(
            from beam in chosen
            from j in Enumerable.Range(0, width)
            select (Func<Beam>)(() => beam.Fork((beam.Stream / width * width) + j)));
    }

    /// <summary>Of every group of candidates keeps the best, and of those only the ones whose answer goes on.</summary>
    private static void KeepBest(OwnedList<Beam> live, Step[] steps, int width, SearchTree tree)
    {
        var growing = new HashSet<Beam>();
        for (int group = 0; group < live.Count; group += width)
        {
            Beam[] candidates = [.. live.Skip(group).Take(width)];
            int best = Selection.ArgMax([.. candidates.Select(candidate => candidate.Judged.Aggregate)]);
            bool finished = IsFinished(candidates[best], steps[group + best]);
            if (!finished) growing.Add(candidates[best]);
            for (int j = 0; j < width; j++)
                if (j != best) candidates[j].Decide(tree, NodeState.Pruned, DecisionReason.Outscored);
                else if (finished) candidates[j].Decide(tree, NodeState.Finished, steps[group + j].WhyEnded() ?? DecisionReason.BoxedAnswer);
        }
        live.Keep(growing.Contains);
    }

    private static bool IsFinished(Beam candidate, Step step) => step.EndsAnswer || candidate.Branch.Text.Contains(BoxedAnswer, StringComparison.Ordinal);
}
