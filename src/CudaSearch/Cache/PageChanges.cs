namespace CudaSearch.Cache;

/// <summary>What happened to the pages of a pool since somebody looked; a page may be there several times.</summary>
internal sealed class PageChanges
{
    /// <summary>Free before, and taken with one reference.</summary>
    public List<int> Allocated { get; } = [];

    /// <summary>Given one more reference.</summary>
    public List<int> Shared { get; } = [];

    /// <summary>One reference less, others left.</summary>
    public List<int> Released { get; } = [];

    /// <summary>Free with its last reference.</summary>
    public List<int> Freed { get; } = [];

    /// <summary>Forgets them all.</summary>
    public void Clear()
    {
        Allocated.Clear();
        Shared.Clear();
        Released.Clear();
        Freed.Clear();
    }
}
