namespace CudaSearch.Cache;

/// <summary>Which cached prefixes a <see cref="PrefixTree"/> gives up first. The engine's is <see cref="Lru"/>; the others are for what-if replays.</summary>
public enum Eviction
{
    /// <summary>The least recently used.</summary>
    Lru,

    /// <summary>The first cached, however often it was used since.</summary>
    Fifo,

    /// <summary>All: no prefix is cached at all.</summary>
    None,
}
