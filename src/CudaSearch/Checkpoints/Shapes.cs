namespace CudaSearch.Checkpoints;

/// <summary>Shapes in messages.</summary>
internal static class Shapes
{
    private const int MaxShown = 10;

    /// <summary>A shape as <c>[2, 3]</c>.</summary>
    public static string Show(IEnumerable<long> shape)
    {
        long[] lengths = [.. shape];
        return $"[{string.Join(", ", lengths.Take(MaxShown))}{(lengths.Length > MaxShown ? ", …" : "")}]";
    }
}
