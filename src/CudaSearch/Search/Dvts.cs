using CudaSearch.Engine;
using CudaSearch.Verification;

namespace CudaSearch.Search;

/// <summary>
/// Diverse verifier tree search: N / BeamWidth subtrees that never compete. Each grows by BeamWidth candidate steps an iteration, of which
/// its best lives on. Kept from the original: the result holds the last candidates of every subtree, unfinished siblings of the best included.
/// </summary>
public sealed class Dvts : ISearchStrategy
{
    /// <summary>The original's cap of a step, whatever its options say.</summary>
    private const int OriginalMaxStepTokens = 2048;

    /// <summary>Kept from the original: a subtree is done once its text holds this; the whole text, since two steps may spell it.</summary>
    private const string BoxedAnswer = "boxed{";

    /// <inheritdoc/>
    public string Name => "dvts";

    /// <inheritdoc/>
    public bool NeedsVerifier => true;

    /// <inheritdoc/>
    public void Validate(SearchOptions options)
    {
        options.Validate();
        options.ValidateWidth(Name);
    }

    /// <inheritdoc/>
    public async Task<SearchResult> SearchAsync(SearchContext context, CancellationToken cancellation = default)
    {
        Validate(context.Options);
        SearchOptions options = context.Options;
        int width = options.BeamWidth;
        var lastCandidates = new Completion[options.N];
        // One beam for every subtree that still grows; subtree s owns the streams and the places in the result from s * width on.
        using OwnedList<Beam> live = Beam.StartAll(context, context.RequireVerifier(this), options.N / width, stride: width);

        for (int iteration = 0; iteration < options.Iterations && live.Count > 0; iteration++)
        {
            Expand(live, width);
            Step[] steps = await StepAllAsync(live, options, iteration, context.Tree, cancellation);
            await JudgeAllAsync(live, steps, options.Aggregation, context.Tree, cancellation);
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

    private static async Task<Step[]> StepAllAsync(
        OwnedList<Beam> live, SearchOptions options, int iteration, SearchTree tree, CancellationToken cancellation)
    {
        tree.BeginIteration();
        GenerationOptions sampling = options.StepSampling(iteration);
        if (options.FixedDvtsStepTokens) sampling = sampling with { MaxTokens = OriginalMaxStepTokens };
        Step[] steps = await StepGenerator.StepAllAsync(
            [.. live.Select(beam => beam.Branch)], sampling, options.LookaheadIn(iteration), cancellation);
        for (int i = 0; i < steps.Length; i++) live[i].Record(tree, steps[i]);
        return steps;
    }

    /// <summary>Scores text and lookahead together. Kept from the original: the scores of the lookahead stay in the list of an answer without it.</summary>
    private static async Task JudgeAllAsync(
        OwnedList<Beam> live, Step[] steps, Aggregation aggregation, SearchTree tree, CancellationToken cancellation)
    {
        IReadOnlyList<double>[] scores = await Concurrently.RunAsync(
            live.Zip(steps), candidate => candidate.First.ScoreAsync(candidate.First.Branch.Text + candidate.Second.Lookahead, cancellation));
        for (int i = 0; i < scores.Length; i++) live[i].Judge(tree, scores[i], aggregation);
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
