namespace CudaSearch.Search;

/// <summary>
/// Grows N beams step by step. After every step the best N / BeamWidth live on and are copied to N again; the places of beams that
/// finished go to the survivors too. The first N beams to finish are the result.
/// </summary>
public sealed class BeamSearch : ISearchStrategy
{
    /// <inheritdoc/>
    public string Name => "beam";

    /// <inheritdoc/>
    public bool NeedsVerifier => true;

    /// <inheritdoc/>
    public void Validate(SearchOptions options)
    {
        options.Validate();
        if (!options.AllowUnevenWidth) options.ValidateWidth(Name);
    }

    /// <inheritdoc/>
    public async Task<SearchResult> SearchAsync(SearchContext context, CancellationToken cancellation = default)
    {
        Validate(context.Options);
        SearchOptions options = context.Options;
        SearchTree tree = context.Tree;
        var completed = new List<Completion>();
        using OwnedList<Beam> live = Beam.StartAll(context, context.RequireVerifier(this), options.N);

        for (int iteration = 0; iteration < options.Iterations; iteration++)
        {
            if (live.Count != options.N) Replicate(live, options.N);
            Step[] steps = await Round.AdvanceAsync(live, options, iteration, tree, cancellation);
            // Kept from the original: neither a boxed answer, which in DVTS ends a subtree, nor the last iteration ends a beam.
            completed.AddRange(Round.Retire(live, steps, last: false, tree));
            if (live.Count == 0 || IsDecided(completed, options)) break;
            if (options.FilterDuplicates) DropDuplicates(live, tree);
            Prune(live, options.N / options.BeamWidth, tree);
        }

        foreach (Beam beam in live) beam.Decide(tree, NodeState.Pruned, DecisionReason.SearchEnded);
        return Selection.WithBest(Choose(completed, options));
    }

    /// <summary>Copies the survivors cyclically: a, b, c, a, b, …; copy i draws from stream i.</summary>
    private static void Replicate(OwnedList<Beam> live, int n)
    {
        Beam[] survivors = [.. live];
        live.Replace(Enumerable.Range(0, n).Select<int, Func<Beam>>(i => () => survivors[i % survivors.Length].Fork(i)));
    }

    /// <summary>
    /// Whether later iterations cannot change the result. Without sorting the earliest N are it; the original goes on regardless, until all
    /// live beams happen to finish in the same iteration.
    /// </summary>
    private static bool IsDecided(List<Completion> completed, SearchOptions options) =>
        options.StopWhenComplete && !options.SortCompleted && completed.Count >= options.N;

    private static void DropDuplicates(OwnedList<Beam> live, SearchTree tree)
    {
        var texts = new HashSet<string>();
        live.Keep(beam =>
        {
            if (texts.Add(beam.Branch.Text)) return true;
            beam.Decide(tree, NodeState.Duplicate, DecisionReason.SameText);
            return false;
        });
    }

    /// <summary>Keeps the best beams, in the order they stand in, not in the order of their scores.</summary>
    private static void Prune(OwnedList<Beam> live, int count, SearchTree tree)
    {
        HashSet<int> survivors = Selection.Survivors([.. live.Select(beam => beam.Judged.Aggregate)], count);
        HashSet<Beam> best = [.. live.Where((_, i) => survivors.Contains(i))];
        live.Keep(beam =>
        {
            if (best.Contains(beam)) return true;
            beam.Decide(tree, NodeState.Pruned, DecisionReason.Outscored);
            return false;
        });
    }

    /// <summary>
    /// The N answers to return. Kept from the original: without sorting the earliest finishers, however good later ones are; and where fewer than N
    /// finished (each of the rest ended in a foreign end token) they are repeated cyclically.
    /// </summary>
    private static Completion[] Choose(List<Completion> completed, SearchOptions options)
    {
        if (completed.Count == 0)
            throw CudaSearchException.BadInput(
                $"no beam finished within {options.Iterations} iterations: each ended with an end token that is not the tokenizer's end of "
                + "sequence; allow more iterations, or check the model's end-of-sequence tokens");
        // OrderByDescending is stable, as the original's sort is.
        List<Completion> ranked = options.SortCompleted ? [.. completed.OrderByDescending(completion => completion.Aggregate)] : completed;
        return [.. Enumerable.Range(0, options.N).Select(i => ranked[i % ranked.Count])];
    }
}
