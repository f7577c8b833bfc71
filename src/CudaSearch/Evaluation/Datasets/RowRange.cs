namespace CudaSearch.Evaluation.Datasets;

/// <summary>
/// Which rows of a dataset to take: [<see cref="Start"/>, <see cref="End"/>), of those at most <see cref="Limit"/> from the first on. Each
/// part is optional.
/// </summary>
/// <param name="Start">The first row, from 0.</param>
/// <param name="End">The row before which to stop; beyond the last row means all.</param>
/// <param name="Limit">The most rows to take, at least 1.</param>
public sealed record RowRange(int? Start = null, int? End = null, int? Limit = null)
{
    /// <summary>Every row.</summary>
    public static RowRange All { get; } = new();

    /// <summary>The half-open interval of rows to take of a file that has this many.</summary>
    /// <exception cref="CudaSearchException">The range is malformed, or holds no row of this file.</exception>
    internal (int Start, int End) Of(int rows, string path)
    {
        int start = Start ?? 0, end = Math.Min(End ?? rows, rows);
        if (start < 0 || End < 0)
            throw CudaSearchException.BadInput($"--start {Start} --end {End}: rows are counted from 0, so neither can be negative");
        if (End <= start)
            throw CudaSearchException.BadInput($"--start {start} --end {End}: the range is empty; the end is the row after the last one to take");
        if (Limit < 1) throw CudaSearchException.BadInput($"--limit {Limit}: at least one row has to be taken");
        if (start >= rows) throw CudaSearchException.BadInput($"{path}: --start {start} lies beyond the last row; the file has {rows} rows");
        return (start, (int)Math.Min(end, (long)start + (Limit ?? rows)));
    }
}
