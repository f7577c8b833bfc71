using CudaSearch.Engine;

namespace CudaSearch.Search;

/// <summary>
/// Diverse verifier tree search: <see cref="Subtrees"/> whose candidate steps a verifier judges.
/// </summary>
public sealed class Dvts : ISearchStrategy
{
    /// <summary>The original's cap of a step, whatever its options say.</summary>
    private const int OriginalMaxStepTokens = 2048;

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
        using OwnedList<Beam> roots = Beam.StartAll(context, context.RequireVerifier(this), options.N / options.BeamWidth, stride: options.BeamWidth);
        return await Subtrees.GrowAsync(
            context, roots, iteration => Sampling(options, iteration), (candidates, steps) => JudgeAllAsync(candidates, steps, context, cancellation), cancellation);
    }

    private static GenerationOptions Sampling(SearchOptions options, int iteration)
    {
        GenerationOptions sampling = options.StepSampling(iteration);
        return options.FixedDvtsStepTokens ? sampling with { MaxTokens = OriginalMaxStepTokens } : sampling;
    }

    /// <summary>Scores text and lookahead together. Kept from the original: the scores of the lookahead stay in the list of an answer without it.</summary>
    private static async Task JudgeAllAsync(IReadOnlyList<Beam> candidates, Step[] steps, SearchContext context, CancellationToken cancellation)
    {
        IReadOnlyList<double>[] scores = await Concurrently.RunAsync(
            candidates.Zip(steps), candidate => candidate.First.ScoreAsync(candidate.First.Branch.Text + candidate.Second.Lookahead, cancellation));
        for (int i = 0; i < scores.Length; i++) candidates[i].Judge(context.Tree, scores[i], context.Options.Aggregation);
    }
}
