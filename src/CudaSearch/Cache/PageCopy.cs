namespace CudaSearch.Cache;

/// <summary>
/// Copy-on-write work for the backend: all layers of one page become those of another. The copies of a pass run before anything of that
/// pass is written. Where no table is forked, truncated or released between the appends of one pass, no destination is the source or
/// destination of another copy, and they may run in any order; otherwise they run in the order they were reported.
/// </summary>
/// <param name="Source">The page that is read.</param>
/// <param name="Destination">The page that is overwritten.</param>
public readonly record struct PageCopy(int Source, int Destination);
