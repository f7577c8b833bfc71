using System.Globalization;

namespace CudaSearch.Evaluation.Datasets;

/// <summary>
/// One of several processes' equal shares of a run's rows: consecutive ones, so that the shards' outputs in a row are the whole run's.
/// </summary>
/// <param name="Index">Which share, from 1.</param>
/// <param name="Count">How many there are.</param>
public sealed record Shard(int Index, int Count)
{
    /// <summary>Everything.</summary>
    public static Shard Whole { get; } = new(1, 1);

    /// <summary>Reads <c>2/8</c>, the second of eight; null when it is none such.</summary>
    public static Shard? TryParse(string text) =>
        text.Split('/') is [{ } index, { } count]
        && int.TryParse(index, NumberStyles.None, CultureInfo.InvariantCulture, out int i)
            && int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out int n)
        && i >= 1 && i <= n
            ? new Shard(i, n)
            : null;

    /// <summary>Its part of the half-open interval of rows.</summary>
    /// <exception cref="CudaSearchException">There are more shards than rows, and this one gets none.</exception>
    public (int Start, int End) Of(int start, int end)
    {
        long rows = end - start;
        (int from, int to) = ((int)(start + ((Index - 1) * rows / Count)), (int)(start + (Index * rows / Count)));
        return from < to
            ? (from, to)
            : throw CudaSearchException.BadInput(
            $"--shard {Index}/{Count} has no row, because the run has {rows} in all; use at most {rows} shards");
    }
}
