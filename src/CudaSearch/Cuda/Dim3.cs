namespace CudaSearch.Cuda;

/// <summary>The extent of a grid (in blocks) or of a block (in threads).</summary>
internal readonly record struct Dim3(int X, int Y = 1, int Z = 1)
{
    /// <inheritdoc/>
    public override string ToString() => $"({X}, {Y}, {Z})";
}
