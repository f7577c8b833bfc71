namespace CudaSearch.Cache;

/// <summary>Consecutive rows of a pass's flat batch that are consecutive tokens of one sequence.</summary>
/// <param name="FirstRow">The first row.</param>
/// <param name="RowCount">Rows; 0 is allowed and visits nothing.</param>
/// <param name="FirstPosition">The position of the first row's token in the sequence.</param>
/// <param name="Table">The sequence's pages, to which these tokens are appended already.</param>
public readonly record struct QuerySpan(int FirstRow, int RowCount, int FirstPosition, PageTable Table)
{
    /// <summary>The position behind the last row: how many keys the span sees.</summary>
    public int End => FirstPosition + RowCount;

    /// <summary>How many of the rows are at <paramref name="position"/> or later.</summary>
    internal int RowsFrom(int position) => RowCount - Math.Max(0, position - FirstPosition);

    /// <summary>The pages of the keys from one position on, at a page's start.</summary>
    /// <param name="firstKey">Before <see cref="End"/>.</param>
    /// <param name="wanted">How many keys.</param>
    /// <param name="keys">As many of them as the span sees.</param>
    internal ReadOnlySpan<int> PagesOf(int firstKey, int wanted, out int keys)
    {
        keys = Math.Min(wanted, End - firstKey);
        return Table.Pages.Slice(Table.Pool.PageOf(firstKey), Table.Pool.PagesToHold(keys));
    }
}
