using CudaSearch.Cache;

namespace CudaSearch.Backends.Cuda;

/// <summary>What the attention kernels have in common: head sizes, the scale of scores, rows in shared memory.</summary>
internal static class AttentionHead
{
    /// <summary>Most query heads that may share a key/value head; what the tests cover, not a limit of the arithmetic.</summary>
    public const int MaxGroup = 8;

    /// <summary>What scores are multiplied by, for a softmax in base 2: log2(e) / sqrt(head size).</summary>
    /// <param name="headSize">The model's own head size, before any padding.</param>
    public static float ScaleLog2(int headSize) => (float)(Math.Log2(Math.E) / Math.Sqrt(headSize));

    /// <summary>Bytes of a query, key or value in shared memory; padded, so that eight of them lie in different banks.</summary>
    internal static int TileRowBytes(int headDim) => (headDim + 8) * sizeof(ushort);

    /// <summary>Bytes of two ranges of keys and values in shared memory: as rows in bf16, or in e4m3 with scales beside one range of such rows.</summary>
    internal static int RangeBytes(int headDim, KvPrecision precision)
    {
        const int Vectors = 2 * AttentionPlan.RangeLength;
        int tile = Vectors * TileRowBytes(headDim);
        return precision == KvPrecision.Fp8 ? tile + 2 * Vectors * (headDim + sizeof(float)) : 2 * tile;
    }

    /// <summary>The name of an attention kernel over pages of this precision.</summary>
    /// <inheritdoc cref="Function(string, int)" path="/exception"/>
    internal static string Function(string operation, int headDim, KvPrecision precision) =>
        Function($"{operation}_{(precision == KvPrecision.Fp8 ? "e4m3" : "bf16")}", headDim);

    /// <summary>The name of a kernel for heads of this size.</summary>
    /// <exception cref="CudaSearchException">There is none.</exception>
    internal static string Function(string kernel, int headDim) => headDim is 64 or 128
        ? $"{kernel}_d{headDim}"
        : throw CudaSearchException.BadInput($"no attention kernel for heads of {headDim} elements: pad them to 64 or 128");
}
