namespace CudaSearch.Search;

/// <summary>Runs the same call on many things at once, so that the engine can batch them.</summary>
internal static class Concurrently
{
    /// <summary>
    /// Starts one call an item, in order, and waits until every one has ended, also when some fail: afterwards nothing is in flight and
    /// the items may be disposed. Results are in the order of the items.
    /// </summary>
    public static Task<TResult[]> RunAsync<TItem, TResult>(IEnumerable<TItem> items, Func<TItem, Task<TResult>> start) =>
        Task.WhenAll(items.Select(async item => await start(item)));
}
