using System.Runtime.InteropServices;
using CudaSearch.Cuda;

namespace CudaSearch.Backends.Cuda.Ladder;

/// <summary>Launches hopper/linear_large.cu: products of many rows with wgmma, step by step.</summary>
internal static class LargeLinear
{
    private static readonly WgmmaTile s_warpgroup = new(1, 2, 128, 6, 0), s_specialised = new(1, 2, 128, 6, 32);

    /// <summary>The steps.</summary>
    /// <param name="get">Kernels by name.</param>
    /// <param name="multiprocessors">Blocks of the persistent kernel.</param>
    public static IEnumerable<LinearRung> Rungs(Func<string, CudaKernel<Arguments>> get, int multiprocessors) =>
    [
        Rung("warpgroup", "wgmma, fed by TMA", get("linear_bf16_warpgroup"), s_warpgroup),
        Rung("specialised", "a warp that only fetches", get("linear_bf16_specialised"), s_specialised),
        Rung("pair", "two consumers, 128 x 256 outputs, registers moved to them", get("linear_bf16_pair"), WgmmaTile.Pair),
        Rung("persistent", "one block a multiprocessor, tiles in bands", get("linear_bf16_persistent"), WgmmaTile.Pair, multiprocessors),
    ];

    private static LinearRung Rung(string name, string idea, CudaKernel<Arguments> kernel, WgmmaTile tile, int mostBlocks = 0) =>
        new(name, idea, int.MaxValue, SumOrder.OneChain, (_, product) => Prepare(kernel, tile, mostBlocks, product));

    private static LinearRun Prepare(CudaKernel<Arguments> kernel, WgmmaTile tile, int mostBlocks, LinearProduct product)
    {
        GemmTile.RequireSizes(product.RowCapacity, product.N, product.K);
        var arguments = new Arguments
        {
            InputMap = WgmmaTile.Map(product.Input, product.RowCapacity, product.K, tile.LeftRows),
            WeightMap = WgmmaTile.Map(product.Weight, product.N, product.K, tile.Width),
            Pass = product.Pass,
            RowSet = product.RowSet,
            Bias = product.Bias,
            Output = product.Output,
            N = product.N,
            K = product.K,
        };
        int rowTiles = WgmmaTile.Count(product.RowCapacity, tile.LeftRows), columnTiles = WgmmaTile.Count(product.N, tile.Width);
        Dim3 grid = mostBlocks == 0 ? new Dim3(rowTiles, columnTiles) : new Dim3((int)Math.Min(mostBlocks, (long)rowTiles * columnTiles));
        return new LinearRun(stream => kernel.Launch(stream, grid, new Dim3(tile.Threads), arguments, tile.SharedBytes));
    }

    /// <summary>The kernels' parameters.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Arguments
    {
        public CudaTensorMap InputMap, WeightMap;
        public DevicePointer Pass;
        public int RowSet;
        public DevicePointer Bias, Output;
        public int N, K;
    }
}
