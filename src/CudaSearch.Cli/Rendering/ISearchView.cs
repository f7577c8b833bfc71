using CudaSearch.Search;

namespace CudaSearch.Cli.Rendering;

/// <summary>Shows a search while it runs.</summary>
internal interface ISearchView
{
    /// <summary>Runs a search that writes into this tree, showing it.</summary>
    Task<T> ShowAsync<T>(SearchTree tree, Func<Task<T>> search);

    /// <summary>Shows the finished tree with the way to this answer marked.</summary>
    void Conclude(string chosen);
}
