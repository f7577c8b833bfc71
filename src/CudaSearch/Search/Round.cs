namespace CudaSearch.Search;

/// <summary>One round of a search: every beam takes a step, and every beam is judged.</summary>
internal static class Round
{
    /// <summary>
    /// Appends a step to every beam, records it in the tree and scores it. With <see cref="SearchOptions.Lookahead"/> a beam is judged by the text and what
    /// was seen ahead of it; a finished answer, which has nothing ahead, by its text alone. (Snell et al. 2024, section 5.2)
    /// </summary>
    /// <param name="beams">Beams that stand before the same iteration.</param>
    /// <param name="options">How to search.</param>
    /// <param name="iteration">Number of steps that the beams have; in the last iteration the step runs to the end of the sequence.</param>
    /// <param name="tree">Where the steps are recorded.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The step of each beam, in their order.</returns>
    public static async Task<Step[]> AdvanceAsync(
        IReadOnlyList<Beam> beams, SearchOptions options, int iteration, SearchTree tree, CancellationToken cancellation)
    {
        // Without beams nothing below would notice.
        cancellation.ThrowIfCancellationRequested();
        tree.BeginIteration();
        // A step is judged as soon as it is written, while others still are: generator and verifier work at once.
        Task<Step>[] writing = StepGenerator.Start(
            [.. beams.Select(beam => beam.Branch)], options.StepSampling(iteration), options.LookaheadIn(iteration), cancellation);
        Task<IReadOnlyList<double>[]> judging = Concurrently.RunAsync(
            beams.Zip(writing), async pair => await pair.First.ScoreAsync(Seen(pair.First.Branch, await pair.Second), cancellation));
        Task<Step[]> written = Task.WhenAll(writing);
        // Where a step fails its judgement does, after all that are in flight.
        await Task.WhenAny(written);
        for (int i = 0; written.IsCompletedSuccessfully && i < beams.Count; i++) beams[i].Record(tree, written.Result[i]);
        IReadOnlyList<double>[] scores = await judging;
        for (int i = 0; i < scores.Length; i++) beams[i].Judge(tree, scores[i], options.Aggregation);
        return written.Result;

        string Seen(IBranch branch, Step step) => branch.Text + (step.EndsAnswer || options.IgnoreLookahead ? "" : step.Lookahead);
    }

    /// <summary>Marks the beams whose answer their step ended; after the last iteration, which leaves nothing to add, that is all of them.</summary>
    public static void End(IReadOnlyList<Beam> beams, Step[] steps, bool last, SearchTree tree)
    {
        for (int i = 0; i < steps.Length; i++)
            if ((steps[i].WhyEnded() ?? (last ? DecisionReason.LastIteration : null)) is { } reason) beams[i].End(tree, reason);
    }

    /// <summary>As <see cref="End"/>; the beams that ended leave the list.</summary>
    /// <returns>Their answers, in the order of the list.</returns>
    public static List<Completion> Retire(OwnedList<Beam> live, Step[] steps, bool last, SearchTree tree)
    {
        End(live, steps, last, tree);
        List<Completion> completed = [.. live.Where(beam => beam.Ended).Select(beam => beam.Judged)];
        live.Keep(beam => !beam.Ended);
        return completed;
    }
}
