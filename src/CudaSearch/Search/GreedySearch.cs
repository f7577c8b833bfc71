namespace CudaSearch.Search;

/// <summary>No search: one answer, the most probable token each time. N is ignored.</summary>
public sealed class GreedySearch : ISearchStrategy
{
    /// <inheritdoc/>
    public string Name => "greedy";

    /// <inheritdoc/>
    public bool NeedsVerifier => false;

    /// <inheritdoc/>
    public void Validate(SearchOptions options) => options.Validate();

    /// <inheritdoc/>
    public async Task<SearchResult> SearchAsync(SearchContext context, CancellationToken cancellation = default)
    {
        Validate(context.Options);
        using IBranch prompt = context.Generator.Start(context.Problem);
        WholeAnswer[] answers = await WholeAnswers.WriteAsync(context.Tree, prompt, 0..1, context.Options.Sampling with { Temperature = 0 }, cancellation);
        return new SearchResult([answers[0].Unscored], Best: 0);
    }
}
