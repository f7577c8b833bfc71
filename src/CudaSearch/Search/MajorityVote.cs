namespace CudaSearch.Search;

/// <summary>
/// Samples N answers that nothing scores; the vote that follows decides between them, so the first stands as the best. With
/// <see cref="SearchOptions.StopWhenDecided"/> it writes no more of the N than the vote needs.
/// (Wang et al. 2022, "Self-Consistency Improves Chain of Thought Reasoning in Language Models", section 2)
/// </summary>
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
        IReadOnlyList<Completion> answers = await Ballot.HoldAsync(
            context, answers => Task.FromResult<Completion[]>([.. answers.Select(answer => answer.Unscored)]), cancellation);
        return new SearchResult(answers, Best: 0);
    }
}
