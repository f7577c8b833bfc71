using System.Runtime.InteropServices;
using CudaSearch.Cuda;

namespace CudaSearch.Backends.Cuda;

/// <summary>
/// Launches attend_prefill.cu: causal attention for many consecutive rows of a sequence over its whole context. A row's result has the same
/// bits as <see cref="AttendRangesKernel"/>'s. (Dao 2023, FlashAttention-2)
/// </summary>
/// <param name="kernel">The kernel <c>attend_prefill_bf16_d64</c> or <c>_d128</c>, or <c>attend_prefill_e4m3_…</c>.</param>
/// <param name="headDim">Elements of a head, 64 or 128.</param>
/// <param name="precision">What the pages are kept in.</param>
internal sealed class AttendPrefillKernel(CudaKernel<AttendPrefillKernel.Arguments> kernel, int headDim, KvPrecision precision = KvPrecision.Native)
{
    /// <summary>The operation: the file's name and the beginning of its kernels'.</summary>
    internal const string Operation = "attend_prefill";

    /// <summary>Queries a tile may have: rows times query heads of a key/value head.</summary>
    public const int TileQueries = 128;

    private const int QueriesPerWarp = 16;

    /// <summary>Takes the kernel from the library.</summary>
    /// <param name="library">The kernels.</param>
    /// <param name="headDim">Elements of a head, 64 or 128.</param>
    /// <param name="precision">What the pages are kept in.</param>
    public AttendPrefillKernel(KernelLibrary library, int headDim, KvPrecision precision = KvPrecision.Native)
        : this(library.Get<Arguments>(Operation, FunctionFor(headDim, precision)), headDim, precision)
    {
    }

    private int DynamicShared => TileQueries * AttentionHead.TileRowBytes(headDim) + AttentionHead.RangeBytes(headDim, precision);

    /// <summary>The kernel's name for heads of this size in such pages.</summary>
    internal static string FunctionFor(int headDim, KvPrecision precision = KvPrecision.Native) => AttentionHead.Function(Operation, headDim, precision);

    /// <summary>Rows a tile may have.</summary>
    /// <param name="heads">Query heads.</param>
    /// <param name="kvHeads">Key/value heads.</param>
    public static int TileRows(int heads, int kvHeads) => TileQueries / (heads / kvHeads);

    /// <param name="stream">Where to launch.</param>
    /// <param name="tileCapacity">Most tiles that a pass of this launch has.</param>
    /// <param name="pass">The pass block: tiles of at most <see cref="TileRows"/> rows, and their sequences' pages.</param>
    /// <param name="queries">[rows, heads * headDim] bf16, rotated.</param>
    /// <param name="cacheLayer">As <see cref="CudaKvCache"/> has it, this pass's keys and values included.</param>
    /// <param name="output">[rows, heads * headDim] bf16; the tiles' rows are written.</param>
    /// <param name="heads">Query heads, at most <see cref="AttentionHead.MaxGroup"/> to a key/value head.</param>
    /// <param name="kvHeads">Key/value heads; they divide the query heads.</param>
    /// <param name="scaleLog2">See <see cref="AttentionHead.ScaleLog2"/>.</param>
    public void Launch(
        CudaStream stream, int tileCapacity, DevicePointer pass, DevicePointer queries, DevicePointer cacheLayer, DevicePointer output,
        int heads, int kvHeads, float scaleLog2)
    {
        var arguments = new Arguments
        {
            Pass = pass,
            Queries = queries,
            CacheLayer = cacheLayer,
            Output = output,
            Heads = heads,
            KvHeads = kvHeads,
            ScaleLog2 = scaleLog2,
        };
        kernel.Launch(stream, new Dim3(tileCapacity, kvHeads), new Dim3(TileQueries / QueriesPerWarp * 32), arguments, DynamicShared);
    }

    /// <summary>What attention of a batch's unplanned spans cannot do without.</summary>
    /// <param name="batch">Completed.</param>
    /// <param name="shape">Heads, padded.</param>
    /// <param name="precision">What the pages are kept in.</param>
    internal static OperationCost Cost(StepBatch batch, AttentionShape shape, KvPrecision precision = KvPrecision.Native) =>
        AttentionCost.OfUnplanned(batch, shape, sizeof(ushort), CudaKvCache.VectorBytes(shape.HeadDim, precision));

    /// <summary>The kernel's parameters.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Arguments
    {
        public DevicePointer Pass, Queries, CacheLayer, Output;
        public int Heads, KvHeads;
        public float ScaleLog2;
    }
}
