using System.Runtime.InteropServices;
using CudaSearch.Cuda;

namespace CudaSearch.Backends.Cuda;

/// <summary>
/// Launches attend_ranges.cu: causal attention over an attention plan, each item's keys read once for all rows that visit it.
/// (Juravsky et al. 2024, Hydragen; Ye et al. 2024, ChunkAttention)
/// </summary>
/// <param name="kernel">The kernel <c>attend_ranges_bf16_d64</c> or <c>_d128</c>, or <c>attend_ranges_e4m3_…</c>.</param>
/// <param name="headDim">Elements of a head, 64 or 128.</param>
/// <param name="precision">What the pages are kept in.</param>
internal sealed class AttendRangesKernel(CudaKernel<AttendRangesKernel.Arguments> kernel, int headDim, KvPrecision precision = KvPrecision.Native)
{
    /// <summary>The operation: the file's name and the beginning of its kernels'.</summary>
    internal const string Operation = "attend_ranges";

    private const int Warps = 4;
    private const int UnitQueries = Warps * 16;

    /// <summary>Takes the kernel from the library.</summary>
    /// <param name="library">The kernels.</param>
    /// <param name="headDim">Elements of a head, 64 or 128.</param>
    /// <param name="precision">What the pages are kept in.</param>
    public AttendRangesKernel(KernelLibrary library, int headDim, KvPrecision precision = KvPrecision.Native)
        : this(library.Get<Arguments>(Operation, FunctionFor(headDim, precision)), headDim, precision)
    {
    }

    private int DynamicShared => UnitQueries * AttentionHead.TileRowBytes(headDim) + AttentionHead.RangeBytes(headDim, precision);

    /// <summary>The kernel's name for heads of this size in such pages.</summary>
    internal static string FunctionFor(int headDim, KvPrecision precision = KvPrecision.Native) => AttentionHead.Function(Operation, headDim, precision);

    /// <summary>Rows a work unit may have.</summary>
    /// <param name="heads">Query heads.</param>
    /// <param name="kvHeads">Key/value heads.</param>
    public static int UnitRows(int heads, int kvHeads) => UnitQueries / (heads / kvHeads);

    /// <summary>Blocks that a device holds at once: the grid to launch, whatever the batch.</summary>
    /// <param name="multiprocessors">Of the device.</param>
    public int Blocks(int multiprocessors) => multiprocessors * (headDim == 64 ? 3 : 2);

    /// <param name="stream">Where to launch.</param>
    /// <param name="blocks">See <see cref="Blocks"/>; any number gives the same results.</param>
    /// <param name="pass">The pass block: units of at most <see cref="UnitRows"/> rows, their pages and rows; the partial states of each row.</param>
    /// <param name="queries">[rows, heads * headDim] bf16, rotated.</param>
    /// <param name="cacheLayer">As <see cref="CudaKvCache"/> has it, this pass's keys and values included.</param>
    /// <param name="workspace">Partial states and arrivals.</param>
    /// <param name="output">[rows, heads * headDim] bf16; the plan's rows are written.</param>
    /// <param name="heads">Query heads, at most <see cref="AttentionHead.MaxGroup"/> to a key/value head.</param>
    /// <param name="kvHeads">Key/value heads; they divide the query heads.</param>
    /// <param name="scaleLog2">See <see cref="AttentionHead.ScaleLog2"/>.</param>
    public void Launch(
        CudaStream stream, int blocks, DevicePointer pass, DevicePointer queries, DevicePointer cacheLayer, in Workspace workspace,
        DevicePointer output, int heads, int kvHeads, float scaleLog2)
    {
        var arguments = new Arguments
        {
            Pass = pass,
            Queries = queries,
            CacheLayer = cacheLayer,
            PartialOutputs = workspace.PartialOutputs,
            PartialMaxSums = workspace.PartialMaxSums,
            Arrivals = workspace.Arrivals,
            Output = output,
            Heads = heads,
            KvHeads = kvHeads,
            ScaleLog2 = scaleLog2,
        };
        kernel.Launch(stream, new Dim3(blocks), new Dim3(Warps * 32), arguments, DynamicShared);
    }

    /// <summary>What a batch's planned attention cannot do without.</summary>
    /// <param name="batch">Completed.</param>
    /// <param name="shape">Heads, padded.</param>
    /// <param name="precision">What the pages are kept in.</param>
    internal static OperationCost Cost(StepBatch batch, AttentionShape shape, KvPrecision precision = KvPrecision.Native) =>
        AttentionCost.OfPlanned(batch, shape, sizeof(ushort), CudaKvCache.VectorBytes(shape.HeadDim, precision));

    /// <summary>Device memory that the kernel works in; one serves all layers.</summary>
    /// <param name="PartialOutputs">[partials of a pass, heads, headDim] float32</param>
    /// <param name="PartialMaxSums">[partials of a pass, heads, 2] float32</param>
    /// <param name="Arrivals">[rows of a pass, kvHeads] int32: zero before the first launch; every launch leaves it zero.</param>
    internal readonly record struct Workspace(DevicePointer PartialOutputs, DevicePointer PartialMaxSums, DevicePointer Arrivals);

    /// <summary>The kernel's parameters.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Arguments
    {
        public DevicePointer Pass, Queries, CacheLayer, PartialOutputs, PartialMaxSums, Arrivals, Output;
        public int Heads, KvHeads;
        public float ScaleLog2;
    }
}
