namespace CudaSearch.Search;

/// <summary>
/// Spends the budget as a policy says for problems this hard: a few answers are written and scored first, and their mean reward decides which strategy
/// gets the problem. Where that is best-of-N, the first answers are part of its N. (Snell et al. 2024, "Scaling LLM test-time compute optimally",
/// section 3.2, predicted difficulty)
/// </summary>
public sealed class ComputeOptimalSearch : ISearchStrategy
{
    private static readonly BestOfN s_sampling = new();

    /// <inheritdoc/>
    public string Name => "compute-optimal";

    /// <inheritdoc/>
    public bool NeedsVerifier => true;

    /// <inheritdoc/>
    public void Validate(SearchOptions options)
    {
        options.Validate();
        foreach (PolicyChoice choice in PolicyOf(options).For(options.N)) StrategyOf(choice).Validate(OptionsFor(choice, options));
    }

    /// <inheritdoc/>
    public async Task<SearchResult> SearchAsync(SearchContext context, CancellationToken cancellation = default)
    {
        // Each part writes all its answers: the vote is over both.
        SearchOptions options = context.Options with { StopWhenDecided = null };
        context.RequireVerifier(this);
        Validate(options);
        ComputeOptimalPolicy policy = PolicyOf(options);
        int pilot = Math.Min(policy.Pilot, options.N);
        SearchResult first = await s_sampling.SearchAsync(context with { Options = options with { N = pilot } }, cancellation);
        double ease = first.Completions.Average(completion => completion.Aggregate);
        PolicyChoice choice = policy.For(options.N)[policy.BinOf(ease)];

        // Streams behind the pilot's: what is written now must not repeat it.
        SearchContext rest = context with { Generator = new OffsetGenerator(context.Generator, pilot), Options = OptionsFor(choice, options) };
        if (choice.Strategy != s_sampling.Name) return await StrategyOf(choice).SearchAsync(rest, cancellation);
        if (pilot == options.N) return first;
        SearchResult more = await s_sampling.SearchAsync(rest with { Options = options with { N = options.N - pilot } }, cancellation);
        return Selection.WithBest([.. first.Completions, .. more.Completions]);
    }

    private static ComputeOptimalPolicy PolicyOf(SearchOptions options) => options.Policy
        ?? throw CudaSearchException.BadInput("the strategy compute-optimal needs a policy; make one from finished runs with \"compute-optimal RUN… --save-policy FILE\" and give it with --policy FILE");

    private static ISearchStrategy StrategyOf(PolicyChoice choice) => choice.Strategy == "compute-optimal"
        ? throw CudaSearchException.BadInput("the policy chooses compute-optimal, which it is itself; make it from runs of other strategies")
        : SearchStrategies.Create(choice.Strategy);

    private static SearchOptions OptionsFor(PolicyChoice choice, SearchOptions options) => options with { BeamWidth = Math.Min(choice.BeamWidth, options.N) };
}
