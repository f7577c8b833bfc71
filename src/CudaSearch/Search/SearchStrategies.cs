namespace CudaSearch.Search;

/// <summary>The strategies by name.</summary>
public static class SearchStrategies
{
    /// <summary>Every strategy, from the cheapest to the dearest. They hold no state: one instance serves any number of searches at once.</summary>
    public static IReadOnlyList<ISearchStrategy> All { get; } =
        [new GreedySearch(), new MajorityVote(), new BestOfN(), new BeamSearch(), new Dvts(), new Rebase(), new ParticleFiltering(), new Mcts(), new SequentialRevision(), new ConfidenceSearch(), new ComputeOptimalSearch()];

    /// <summary>The strategy of this name; a name that is not known is bad input.</summary>
    public static ISearchStrategy Create(string name) =>
        All.FirstOrDefault(strategy => strategy.Name == name)
        ?? throw CudaSearchException.BadInput(
            $"there is no strategy named '{name}'; use one of {string.Join(", ", All.Select(strategy => strategy.Name))}");
}
