namespace CudaSearch.Search;

/// <summary>Samples N answers that nothing scores; the vote that follows decides between them, so the first stands as the best.</summary>
public sealed class MajorityVote : ISearchStrategy
{
    /// <inheritdoc/>
    public string Name => "majority";

    /// <inheritdoc/>
    public bool NeedsVerifier => false;

    /// <inheritdoc/>
    public void Validate(SearchOptions options) => options.Validate();

    /// <inheritdoc/>
    public async Task<SearchResult> SearchAsync(SearchContext context, CancellationToken cancellation = default)
    {
        Validate(context.Options);
        WholeAnswer[] answers = await WholeAnswers.WriteAsync(context, context.Options.N, context.Options.Sampling, cancellation);
        return new SearchResult([.. answers.Select(answer => answer.Unscored)], Best: 0);
    }
}
