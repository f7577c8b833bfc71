using System.Runtime.InteropServices;
using CudaSearch.Cache;
using CudaSearch.Cuda;

namespace CudaSearch.Backends.Cuda;

/// <summary>
/// Launches attend_prefill.cu, or hopper/attend_prefill_wgmma.cu: causal attention for many consecutive rows of a sequence over its whole context. With
/// the first a row's result has the same bits as <see cref="AttendRangesKernel"/>'s. (Dao 2023, FlashAttention-2; Shah et al. 2024, FlashAttention-3)
/// </summary>
internal sealed class AttendPrefillKernel
{
    /// <summary>The operation: the file's name and the beginning of its kernels'.</summary>
    internal const string Operation = "attend_prefill";

    /// <summary>The same on warpgroups.</summary>
    internal const string WgmmaOperation = $"{Operation}_wgmma";

    /// <summary>Queries a tile may have: rows times query heads of a key/value head.</summary>
    public const int TileQueries = 128;

    private const int QueriesPerWarp = 16;

    private readonly CudaKernel<Arguments>? _kernel;
    private readonly CudaKernel<WgmmaArguments>? _wgmma;
    private readonly int _headDim;
    private readonly KvPrecision _precision;

    /// <summary>Takes the kernel from the library.</summary>
    /// <param name="library">The kernels.</param>
    /// <param name="headDim">Elements of a head, 64 or 128.</param>
    /// <param name="precision">What the pages are kept in. On warpgroups it is bf16 alone.</param>
    /// <param name="table">Which kernel is used; null: as shipped.</param>
    public AttendPrefillKernel(KernelLibrary library, int headDim, KvPrecision precision = KvPrecision.Native, ProductTable? table = null)
    {
        (_headDim, _precision) = (headDim, precision);
        if (UsesWarpgroups(table ?? ProductTable.Shipped, precision)) _wgmma = library.Get<WgmmaArguments>(WgmmaOperation, WgmmaFunctionFor(headDim));
        else _kernel = library.Get<Arguments>(Operation, FunctionFor(headDim, precision));
    }

    /// <summary>Takes a kernel from anywhere.</summary>
    /// <param name="kernel">The kernel <c>attend_prefill_bf16_d64</c> or <c>_d128</c>, or <c>attend_prefill_e4m3_…</c>.</param>
    /// <param name="headDim">Elements of a head, 64 or 128.</param>
    /// <param name="precision">What the pages are kept in.</param>
    internal AttendPrefillKernel(CudaKernel<Arguments> kernel, int headDim, KvPrecision precision = KvPrecision.Native) =>
        (_kernel, _headDim, _precision) = (kernel, headDim, precision);

    /// <summary>Takes the kernel <c>attend_prefill_wgmma_bf16_d64</c> or <c>_d128</c> from anywhere.</summary>
    internal AttendPrefillKernel(CudaKernel<WgmmaArguments> wgmma, int headDim) => (_wgmma, _headDim) = (wgmma, headDim);

    /// <summary>Which of the two it launches.</summary>
    public bool IsOnWarpgroups => _wgmma is not null;

    private int DynamicShared => TileQueries * AttentionHead.TileRowBytes(_headDim) + AttentionHead.RangeBytes(_headDim, _precision);

    /// <summary>The kernel's name for heads of this size in such pages.</summary>
    internal static string FunctionFor(int headDim, KvPrecision precision = KvPrecision.Native) => AttentionHead.Function(Operation, headDim, precision);

    /// <summary>The name of the one on warpgroups.</summary>
    internal static string WgmmaFunctionFor(int headDim) => AttentionHead.Function(WgmmaOperation, headDim, KvPrecision.Native);

    /// <summary>Rows a tile may have.</summary>
    /// <param name="heads">Query heads.</param>
    /// <param name="kvHeads">Key/value heads.</param>
    public static int TileRows(int heads, int kvHeads) => TileQueries / (heads / kvHeads);

    /// <param name="stream">Where to launch.</param>
    /// <param name="tileCapacity">Most tiles that a pass of this launch has.</param>
    /// <param name="pass">The pass block: tiles of at most <see cref="TileRows"/> rows, and their sequences' pages.</param>
    /// <param name="queries">[rows, heads * headDim] bf16, rotated.</param>
    /// <param name="cacheLayer">As <see cref="CudaKvCache"/> has it, this pass's keys and values included.</param>
    /// <param name="pages">Pages that it has.</param>
    /// <param name="output">[rows, heads * headDim] bf16; the tiles' rows are written.</param>
    /// <param name="heads">Query heads, at most <see cref="AttentionHead.MaxGroup"/> to a key/value head.</param>
    /// <param name="kvHeads">Key/value heads; they divide the query heads.</param>
    /// <param name="scaleLog2">See <see cref="AttentionHead.ScaleLog2"/>.</param>
    public void Launch(
        CudaStream stream, int tileCapacity, DevicePointer pass, DevicePointer queries, DevicePointer cacheLayer, int pages, DevicePointer output,
        int heads, int kvHeads, float scaleLog2)
    {
        var grid = new Dim3(tileCapacity, kvHeads);
        if (_wgmma is { } wgmma)
        {
            wgmma.Launch(stream, grid, new Dim3(WgmmaTile.AttentionThreads), new WgmmaArguments
            {
                CacheMap = CudaTensorMap.OfMatrix(cacheLayer, checked(pages * kvHeads * 2 * PagePool.PageSize), _headDim, PagePool.PageSize),
                Pass = pass,
                Queries = queries,
                Output = output,
                Heads = heads,
                KvHeads = kvHeads,
                ScaleLog2 = scaleLog2,
            }, WgmmaTile.AttentionSharedBytes(_headDim));
            return;
        }
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
        _kernel!.Launch(stream, grid, new Dim3(TileQueries / QueriesPerWarp * 32), arguments, DynamicShared);
    }

    /// <summary>What attention of a batch's unplanned spans cannot do without.</summary>
    /// <param name="batch">Completed.</param>
    /// <param name="shape">Heads, padded.</param>
    /// <param name="precision">What the pages are kept in.</param>
    internal static OperationCost Cost(StepBatch batch, AttentionShape shape, KvPrecision precision = KvPrecision.Native) =>
        AttentionCost.OfUnplanned(batch, shape, sizeof(ushort), CudaKvCache.VectorBytes(shape.HeadDim, precision));

    // The path does not depend on the number of rows: a row would have other bits in another batch.
    private static bool UsesWarpgroups(ProductTable table, KvPrecision precision) =>
        precision == KvPrecision.Native && table.UsesWarpgroups(ProductOperation.Prefill) && table.Choose(ProductOperation.Prefill, 1) == ProductPath.Pair;

    /// <summary>The kernel's parameters.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Arguments
    {
        public DevicePointer Pass, Queries, CacheLayer, Output;
        public int Heads, KvHeads;
        public float ScaleLog2;
    }
    /// <summary>The parameters of the kernel on warpgroups.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct WgmmaArguments
    {
        public CudaTensorMap CacheMap;
        public DevicePointer Pass, Queries, Output;
        public int Heads, KvHeads;
        public float ScaleLog2;
    }
}
