namespace CudaSearch.Backends.Cuda;

/// <summary>What the attention kernels have in common (kernels/common/attention_state.cuh): head sizes, ranges, the scale of scores.</summary>
internal static class AttentionHead
{
    /// <summary>Most query heads that may share a key/value head.</summary>
    public const int MaxGroup = 8;

    /// <summary>What scores are multiplied by, for a softmax in base 2: log2(e) / sqrt(head size).</summary>
    /// <param name="headSize">The model's own head size, before any padding.</param>
    public static float ScaleLog2(int headSize) => (float)(Math.Log2(Math.E) / Math.Sqrt(headSize));

    /// <summary>The name of a kernel for heads of this size.</summary>
    /// <exception cref="CudaSearchException">There is none.</exception>
    internal static string Function(string kernel, int headDim) => headDim is 64 or 128
        ? $"{kernel}_d{headDim}"
        : throw CudaSearchException.BadInput($"no attention kernel for heads of {headDim} elements: pad them to 64 or 128");
}
