using CudaSearch.Verification;

namespace CudaSearch.Search;

/// <summary>
/// Samples N whole answers, has every step of each scored, and takes the answer with the largest aggregate. With
/// <see cref="SearchOptions.StopWhenDecided"/> it writes no more of the N than the vote needs.
/// </summary>
public sealed class BestOfN : ISearchStrategy
{
    /// <inheritdoc/>
    public string Name => "best-of-n";

    /// <inheritdoc/>
    public bool NeedsVerifier => true;

    /// <inheritdoc/>
    public void Validate(SearchOptions options) => options.Validate();

    /// <inheritdoc/>
    public async Task<SearchResult> SearchAsync(SearchContext context, CancellationToken cancellation = default)
    {
        Validate(context.Options);
        using IVerification problem = context.RequireVerifier(this).Start(context.Problem);
        return Selection.WithBest(await Ballot.HoldAsync(
            context, async answers => await WholeAnswers.JudgeAllAsync(context, problem, answers, cancellation), cancellation));
    }
}
