namespace CudaSearch.Backends.Cuda;

/// <summary>The block of kernels that give a row to a block and eight columns at a time to a thread.</summary>
internal static class RowBlock
{
    /// <summary>Most threads of a block.</summary>
    public const int MaxThreads = 256;

    /// <summary>Threads for a row: a function of its width alone, because sums over the row are made in the block's order.</summary>
    /// <param name="columns">Width of a row; a multiple of 64.</param>
    /// <exception cref="ArgumentException">The width is not a positive multiple of 64.</exception>
    public static int Threads(int columns)
    {
        if (columns <= 0 || columns % 64 != 0)
            throw new ArgumentException($"rows of {columns} columns: pad them to a multiple of 64", nameof(columns));
        return Math.Min((columns + 255) / 256 * 32, MaxThreads);
    }
}
