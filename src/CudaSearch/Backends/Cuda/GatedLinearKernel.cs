using System.Runtime.InteropServices;
using CudaSearch.Cuda;

namespace CudaSearch.Backends.Cuda;

/// <summary>Launches gated_linear.cu, or hopper/gated_linear_wgmma.cu: output = silu(x · gateᵀ) * (x · upᵀ) for normed rows x, on the tensor cores.</summary>
internal sealed class GatedLinearKernel
{
    private static readonly GemmTile[] s_tiles = [new(16, 16, 64), new(64, 32, 128), new(64, 64, 128), new(128, 64, 128)];

    private readonly CudaKernel<Arguments>[] _kernels;
    private readonly ProductTable _table;
    private readonly WgmmaKernels<WgmmaArguments>? _wgmma;
    private readonly SplitWorkspace? _splits;

    /// <summary>Takes the kernels from the library.</summary>
    /// <param name="library">The kernels of the device.</param>
    /// <param name="weights">What both weights are kept in.</param>
    /// <param name="table">Which of them are used; null: as shipped.</param>
    /// <param name="splits">Where splits meet; null where the table splits nothing.</param>
    public GatedLinearKernel(
        KernelLibrary library, WeightPrecision weights = WeightPrecision.Stored, ProductTable? table = null, SplitWorkspace? splits = null)
        : this(name => library.Get<Arguments>("gated_linear", name), weights)
    {
        _table = table ?? ProductTable.Shipped;
        _splits = splits;
        if (_table.UsesWarpgroups(ProductOperation.Gated, weights)) _wgmma = new(name => library.Get<WgmmaArguments>("gated_linear_wgmma", name), "gated_linear_bf16", weights: 2, splits);
    }

    /// <summary>Takes the kernels from anywhere, by name.</summary>
    internal GatedLinearKernel(Func<string, CudaKernel<Arguments>> get, WeightPrecision weights = WeightPrecision.Stored)
    {
        _table = ProductTable.Shipped;
        _kernels = Array.ConvertAll(s_tiles, tile => get(tile.Function("gated_linear_bf16", weights)));
    }

    /// <summary>The tile shapes, from small to large. All give the same bits.</summary>
    public static ReadOnlySpan<GemmTile> Tiles => s_tiles;

    /// <summary>Queues a gated product on the path of the table, with the tile shape that suits its size.</summary>
    /// <param name="stream">Where to launch.</param>
    /// <param name="pass">The pass block, which says how many rows there are.</param>
    /// <param name="input">The rows; what lies beyond the pass's does not show.</param>
    /// <param name="gate">[n, k], as <see cref="CudaWeight"/> has it.</param>
    /// <param name="up">[n, k], likewise.</param>
    /// <param name="output">[rows, n] bf16; nothing beyond the pass's rows is written.</param>
    /// <param name="rowCapacity">Most rows that a pass of this launch has.</param>
    /// <param name="n">Output columns, a multiple of 8.</param>
    /// <param name="k">Input columns, a multiple of 64.</param>
    /// <exception cref="ArgumentException">A size the kernels are not made for.</exception>
    public void Launch(
        CudaStream stream, DevicePointer pass, NormedRows input, DevicePointer gate, DevicePointer up, DevicePointer output, int rowCapacity, int n,
        int k)
    {
        if (_wgmma is { } wgmma && _table.Choose(ProductOperation.Gated, rowCapacity) is not ProductPath.Mma and ProductPath path)
        {
            GemmTile.RequireSizes(rowCapacity, n, k);
            WgmmaKernels<WgmmaArguments>.Plan plan = wgmma.For(path, rowCapacity, n, k);
            plan.Launch(stream, new WgmmaArguments
            {
                InputMap = plan.MapInput(input.Operand, rowCapacity, k),
                GateMap = plan.MapWeight(gate, n, k),
                UpMap = plan.MapWeight(up, n, k),
                Pass = pass,
                Squares = input.Squares,
                NormColumns = input.Columns,
                Epsilon = input.Epsilon,
                Output = output,
                N = n,
                K = k,
                Partials = _splits?.Partials ?? default,
                Arrivals = _splits?.Arrivals ?? default,
            });
            return;
        }
        Launch(GemmTile.Choose(s_tiles, rowCapacity, n), stream, pass, input, gate, up, output, rowCapacity, n, k);
    }

    /// <summary>Queues a gated product with one of <see cref="Tiles"/>.</summary>
    internal void Launch(
        int tile, CudaStream stream, DevicePointer pass, NormedRows input, DevicePointer gate, DevicePointer up, DevicePointer output, int rowCapacity, int n,
        int k)
    {
        GemmTile.RequireSizes(rowCapacity, n, k);
        var arguments = new Arguments
        {
            Pass = pass,
            Operand = input.Operand,
            Squares = input.Squares,
            NormColumns = input.Columns,
            Epsilon = input.Epsilon,
            Gate = gate,
            Up = up,
            Output = output,
            N = n,
            K = k,
        };
        GemmTile shape = s_tiles[tile];
        _kernels[tile].Launch(stream, shape.Grid(rowCapacity, n), new Dim3(shape.Threads), arguments, GemmTile.SharedBytes);
    }

    /// <summary>What a gated product cannot do without: the input and both weights once, the output written once.</summary>
    internal static OperationCost Cost(int rows, int n, int k, WeightPrecision weights = WeightPrecision.Stored) =>
        OperationCost.OfProduct(rows, 2.0 * n, k, sizeof(ushort), GemmTile.WeightSize(weights, k), (double)rows * n * sizeof(ushort));

    /// <summary>The kernels' parameters.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Arguments
    {
        public DevicePointer Pass, Operand, Squares;
        public int NormColumns;
        public float Epsilon;
        public DevicePointer Gate, Up, Output;
        public int N, K;
    }

    /// <summary>The parameters of the kernels on warpgroups.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct WgmmaArguments
    {
        public CudaTensorMap InputMap, GateMap, UpMap;
        public DevicePointer Pass, Squares;
        public int NormColumns;
        public float Epsilon;
        public DevicePointer Output;
        public int N, K;
        public DevicePointer Partials, Arrivals;
    }
}
