using System.Runtime.InteropServices;
using CudaSearch.Cuda;

namespace CudaSearch.Backends.Cuda.Ladder;

/// <summary>Launches hopper/linear_skinny.cu: products of few rows with wgmma and the operands swapped, step by step.</summary>
internal sealed class SkinnyLinear
{
    private const int WeightRows = WgmmaTile.SwappedWeightRows;
    private const int PackThreads = 256;

    private readonly CudaKernel<SwappedArguments>[] _swapped;
    private readonly CudaKernel<PackedArguments>[] _packed;
    private readonly CudaKernel<PackArguments> _pack;

    /// <summary>Takes the kernels.</summary>
    public SkinnyLinear(
        Func<string, CudaKernel<SwappedArguments>> getSwapped, Func<string, CudaKernel<PackedArguments>> getPacked, CudaKernel<PackArguments> pack)
    {
        _swapped = [.. WgmmaTile.Swapped.Select(tile => getSwapped($"linear_bf16_swapped_m{tile.Width}"))];
        _packed = [.. WgmmaTile.Swapped.Select(tile => getPacked($"linear_bf16_packed_m{tile.Width}"))];
        _pack = pack;
    }

    /// <summary>The steps.</summary>
    public IEnumerable<LinearRung> Rungs =>
    [
        new("swapped", "weights are wgmma's 64 rows; a deep ring", WgmmaTile.MostSwappedRows, SumOrder.OneChain, (stream, product) => PrepareSwapped(stream, product, splits: 1)),
        new("split", "k is split where columns make few blocks", WgmmaTile.MostSwappedRows, SumOrder.Split, (stream, product) => PrepareSwapped(stream, product, Splits(product.N, product.K))),
        new("packed", "weights lie as shared memory wants them", WgmmaTile.MostSwappedRows, SumOrder.Split, PreparePacked),
    ];

    /// <summary>Parts of k for a weight of this size.</summary>
    public static int Splits(int n, int k) => WgmmaTile.Splits(WgmmaTile.Count(n, WeightRows), k);

    private LinearRun PrepareSwapped(CudaStream stream, LinearProduct product, int splits)
    {
        (int tile, Dim3 grid) = Choose(product, splits);
        var space = new SplitSpace(grid, WgmmaTile.Swapped[tile].Width, stream);
        var arguments = new SwappedArguments
        {
            InputMap = WgmmaTile.Map(product.Input, product.RowCapacity, product.K, WgmmaTile.Swapped[tile].Width),
            WeightMap = WgmmaTile.Map(product.Weight, product.N, product.K, WeightRows),
            Pass = product.Pass,
            RowSet = product.RowSet,
            Bias = product.Bias,
            Output = product.Output,
            N = product.N,
            K = product.K,
            Partials = space.Partials,
            Arrivals = space.Arrivals,
        };
        WgmmaTile shape = WgmmaTile.Swapped[tile];
        return new LinearRun(on => _swapped[tile].Launch(on, grid, new Dim3(shape.Threads), arguments, shape.SharedBytes), space);
    }

    private LinearRun PreparePacked(CudaStream stream, LinearProduct product)
    {
        (int tile, Dim3 grid) = Choose(product, Splits(product.N, product.K));
        var packed = new CudaDeviceVariable<ushort>((long)grid.X * WeightRows * product.K);
        Pack(stream, product.Weight, packed.Pointer, product.N, product.K);
        var space = new SplitSpace(grid, WgmmaTile.Swapped[tile].Width, stream);
        var arguments = new PackedArguments
        {
            InputMap = WgmmaTile.Map(product.Input, product.RowCapacity, product.K, WgmmaTile.Swapped[tile].Width),
            Weight = packed.Pointer,
            Pass = product.Pass,
            RowSet = product.RowSet,
            Bias = product.Bias,
            Output = product.Output,
            N = product.N,
            K = product.K,
            Partials = space.Partials,
            Arrivals = space.Arrivals,
        };
        WgmmaTile shape = WgmmaTile.Swapped[tile];
        return new LinearRun(on => _packed[tile].Launch(on, grid, new Dim3(shape.Threads), arguments, shape.SharedBytes), space, packed);
    }

    /// <summary>Queues hopper/pack_weight.cu.</summary>
    /// <param name="stream">Where to launch.</param>
    /// <param name="weight">[n, k] bf16.</param>
    /// <param name="tiles">[n / 64, up][k / 64][64][64] bf16.</param>
    /// <param name="n">Rows.</param>
    /// <param name="k">Columns, a multiple of 64.</param>
    internal void Pack(CudaStream stream, DevicePointer weight, DevicePointer tiles, int n, int k) => _pack.Launch(
        stream, new Dim3(k / WgmmaTile.Depth, WgmmaTile.Count(n, WeightRows)), new Dim3(PackThreads),
        new PackArguments { Weight = weight, Tiles = tiles, N = n, K = k });

    // The narrowest tile that takes all rows, and its grid: columns of the output, rows, splits.
    private static (int Tile, Dim3 Grid) Choose(LinearProduct product, int splits)
    {
        GemmTile.RequireSizes(product.RowCapacity, product.N, product.K);
        int tile = WgmmaTile.ChooseSwapped(product.RowCapacity);
        return (tile, new Dim3(WgmmaTile.Count(product.N, WeightRows), WgmmaTile.Count(product.RowCapacity, WgmmaTile.Swapped[tile].Width), splits));
    }

    // Where the splits meet. Filling it orders the product in full behind whatever made the weights, which it reads before it waits for a kernel.
    private sealed class SplitSpace : IDisposable
    {
        private readonly CudaDeviceVariable<float>? _partials;
        private readonly CudaDeviceVariable<int> _arrivals;

        public SplitSpace(Dim3 grid, int width, CudaStream stream)
        {
            if (grid.Z > 1) _partials = new CudaDeviceVariable<float>((long)grid.X * grid.Y * grid.Z * width * WeightRows);
            _arrivals = new CudaDeviceVariable<int>((long)grid.X * grid.Y);
            _arrivals.Fill(0, stream);
        }

        public DevicePointer Partials => _partials?.Pointer ?? default;

        public DevicePointer Arrivals => _arrivals.Pointer;

        public void Dispose()
        {
            _partials?.Dispose();
            _arrivals.Dispose();
        }
    }

    /// <summary>The parameters of the kernels that read weights in row order.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct SwappedArguments
    {
        public CudaTensorMap InputMap, WeightMap;
        public DevicePointer Pass;
        public int RowSet;
        public DevicePointer Bias, Output;
        public int N, K;
        public DevicePointer Partials, Arrivals;
    }

    /// <summary>The parameters of the kernels that read packed weights.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct PackedArguments
    {
        public CudaTensorMap InputMap;
        public DevicePointer Weight, Pass;
        public int RowSet;
        public DevicePointer Bias, Output;
        public int N, K;
        public DevicePointer Partials, Arrivals;
    }

    /// <summary>The parameters of the kernel that packs.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct PackArguments
    {
        public DevicePointer Weight, Tiles;
        public int N, K;
    }
}
