using System.Runtime.InteropServices;
using CudaSearch.Cuda;

namespace CudaSearch.Backends.Cuda;

/// <summary>Launches linear_add.cu, or hopper/linear_add_wgmma.cu: residual += input · weightᵀ, and what the norm that follows needs, on the tensor cores.</summary>
internal sealed class LinearAddKernel
{
    private readonly CudaKernel<Arguments>[] _kernels;
    private readonly ProductTable _table;
    private readonly WgmmaKernels<WgmmaArguments>? _wgmma;
    private readonly SplitWorkspace? _splits;

    /// <summary>Takes the kernels from the library.</summary>
    /// <param name="library">The kernels of the device.</param>
    /// <param name="weights">What the weight is kept in.</param>
    /// <param name="table">Which of them are used; null: as shipped.</param>
    /// <param name="splits">Where splits meet; null where the table splits nothing.</param>
    public LinearAddKernel(
        KernelLibrary library, WeightPrecision weights = WeightPrecision.Stored, ProductTable? table = null, SplitWorkspace? splits = null)
        : this(name => library.Get<Arguments>("linear_add", name), weights)
    {
        _table = table ?? ProductTable.Shipped;
        _splits = splits;
        if (_table.UsesWarpgroups(ProductOperation.Add, weights)) _wgmma = new(name => library.Get<WgmmaArguments>("linear_add_wgmma", name), "linear_add_f32", weights: 1, splits);
    }

    /// <summary>Takes the kernels from anywhere, by name.</summary>
    internal LinearAddKernel(Func<string, CudaKernel<Arguments>> get, WeightPrecision weights = WeightPrecision.Stored)
    {
        _table = ProductTable.Shipped;
        _kernels = [.. LinearKernel.Tiles.ToArray().Select(tile => get(tile.Function("linear_add_f32", weights)))];
    }

    /// <summary>Queues the operation on the path of the table, with the tile shape that suits its size.</summary>
    /// <param name="stream">Where to launch.</param>
    /// <param name="pass">The pass block, which says how many rows there are.</param>
    /// <param name="input">[rowCapacity, k] bf16; what lies beyond the pass's rows does not show.</param>
    /// <param name="weight">[n, k], as <see cref="CudaWeight"/> has it.</param>
    /// <param name="residual">[rows, n] float32; nothing beyond the pass's rows is written, here and in <paramref name="next"/>.</param>
    /// <param name="next">The norm that follows.</param>
    /// <param name="rowCapacity">Most rows that a pass of this launch has.</param>
    /// <param name="n">Columns of the residual, a multiple of 8; of 64 where a norm follows.</param>
    /// <param name="k">Input columns, a multiple of 64.</param>
    /// <exception cref="ArgumentException">A size the kernels are not made for.</exception>
    public void Launch(
        CudaStream stream, DevicePointer pass, DevicePointer input, DevicePointer weight, DevicePointer residual, NextNorm next, int rowCapacity,
        int n, int k)
    {
        if (_wgmma is { } wgmma && _table.Choose(ProductOperation.Add, rowCapacity) is not ProductPath.Mma and ProductPath path)
        {
            GemmTile.RequireSizes(rowCapacity, n, k);
            WgmmaKernels<WgmmaArguments>.Plan plan = wgmma.For(path, rowCapacity, n, k);
            plan.Launch(stream, new WgmmaArguments
            {
                InputMap = plan.MapInput(input, rowCapacity, k),
                WeightMap = plan.MapWeight(weight, n, k),
                Pass = pass,
                Residual = residual,
                NormWeight = next.Weight,
                Operand = next.Operand,
                Squares = next.Squares,
                N = n,
                K = k,
                Partials = _splits?.Partials ?? default,
                Arrivals = _splits?.Arrivals ?? default,
            });
            return;
        }
        Launch(GemmTile.Choose(LinearKernel.Tiles, rowCapacity, n), stream, pass, input, weight, residual, next, rowCapacity, n, k);
    }

    /// <summary>Queues it with one of <see cref="LinearKernel.Tiles"/>.</summary>
    internal void Launch(
        int tile, CudaStream stream, DevicePointer pass, DevicePointer input, DevicePointer weight, DevicePointer residual, NextNorm next,
        int rowCapacity, int n, int k)
    {
        GemmTile.RequireSizes(rowCapacity, n, k);
        var arguments = new Arguments
        {
            Pass = pass,
            Input = input,
            Weight = weight,
            Residual = residual,
            NormWeight = next.Weight,
            Operand = next.Operand,
            Squares = next.Squares,
            N = n,
            K = k,
        };
        GemmTile shape = LinearKernel.Tiles[tile];
        _kernels[tile].Launch(stream, shape.Grid(rowCapacity, n), new Dim3(shape.Threads), arguments, GemmTile.SharedBytes);
    }

    /// <summary>
    /// What the operation cannot do without: input and weight once, the residual read and written; where a norm follows, its weight and its bf16 rows.
    /// </summary>
    internal static OperationCost Cost(int rows, int n, int k, bool hasNext, WeightPrecision weights = WeightPrecision.Stored)
    {
        double elements = (double)rows * n, outputBytes = 2 * elements * sizeof(float) + (hasNext ? (elements + n) * sizeof(ushort) : 0);
        return OperationCost.OfProduct(rows, n, k, sizeof(ushort), GemmTile.WeightSize(weights, k), outputBytes);
    }

    /// <summary>The kernels' parameters.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Arguments
    {
        public DevicePointer Pass, Input, Weight, Residual, NormWeight, Operand, Squares;
        public int N, K;
    }

    /// <summary>The parameters of the kernels on warpgroups.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct WgmmaArguments
    {
        public CudaTensorMap InputMap, WeightMap;
        public DevicePointer Pass, Residual, NormWeight, Operand, Squares;
        public int N, K;
        public DevicePointer Partials, Arrivals;
    }
}
