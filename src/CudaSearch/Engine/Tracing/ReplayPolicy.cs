using CudaSearch.Cache;

namespace CudaSearch.Engine.Tracing;

/// <summary>How a cache is to be run in a replay; what is null stays as it was recorded.</summary>
public sealed record ReplayPolicy
{
    /// <summary>Tokens a page holds: a power of two, 1 to 64.</summary>
    public int? PageSize { get; init; }

    /// <summary>Pages of each cache; null for as many as the recorded memory holds of that size.</summary>
    public int? Pages { get; init; }

    /// <summary>Which cached prefixes go first.</summary>
    public Eviction Eviction { get; init; } = Eviction.Lru;

    /// <summary>Whether sequences that hold the same pages read them together.</summary>
    public bool? ShareAttention { get; init; }

    /// <summary>Whether nothing differs from what the engine does.</summary>
    public bool IsRecorded => this == new ReplayPolicy();
}
