using System.Runtime.InteropServices;
using CudaSearch.Cuda;

namespace CudaSearch.Backends.Cuda;

/// <summary>What <see cref="LinearKernel"/> does with a product.</summary>
internal enum LinearOutput
{
    /// <summary>Stores bf16: what the next matrix product or attention reads.</summary>
    BFloat16,

    /// <summary>Stores float32: logits.</summary>
    Float32,
}

/// <summary>Launches linear.cu: output = input · weightᵀ (+ bias), on the tensor cores.</summary>
internal sealed class LinearKernel
{
    private static readonly GemmTile[] s_tiles = [new(16, 16, 64), new(64, 32, 128), new(64, 64, 128), new(128, 128, 128)];
    private static readonly string[] s_names = ["linear_bf16", "linear_f32"];

    private readonly CudaKernel<Arguments>[] _kernels = new CudaKernel<Arguments>[s_names.Length * s_tiles.Length];

    /// <summary>Takes the kernels from the library.</summary>
    public LinearKernel(KernelLibrary library)
        : this(name => library.Get<Arguments>("linear", name))
    {
    }

    /// <summary>Takes the kernels from anywhere, by name.</summary>
    internal LinearKernel(Func<string, CudaKernel<Arguments>> get)
    {
        for (int i = 0; i < _kernels.Length; i++)
            _kernels[i] = get($"{s_names[i / s_tiles.Length]}_{s_tiles[i % s_tiles.Length].Suffix}");
    }

    /// <summary>The tile shapes, from small to large. All give the same bits.</summary>
    public static ReadOnlySpan<GemmTile> Tiles => s_tiles;

    /// <summary>Queues a product with the tile shape that suits its size.</summary>
    /// <param name="stream">Where to launch.</param>
    /// <param name="pass">The pass block, which says how many rows there are.</param>
    /// <param name="input">[rows, k] bf16.</param>
    /// <param name="weight">[n, k] bf16.</param>
    /// <param name="bias">[n] bf16, or null.</param>
    /// <param name="output">[rows, n] bf16 or float32; nothing beyond the pass's rows is written.</param>
    /// <param name="rowSet">0: every row of the pass; 1: its output rows, gathered behind one another.</param>
    /// <param name="rowCapacity">Most rows that the row set of this launch has.</param>
    /// <param name="n">Output columns, a multiple of 8.</param>
    /// <param name="k">Input columns, a multiple of 64.</param>
    /// <param name="kind">What becomes of the product.</param>
    /// <exception cref="ArgumentException">A size the kernels are not made for.</exception>
    public void Launch(
        CudaStream stream, DevicePointer pass, DevicePointer input, DevicePointer weight, DevicePointer bias, DevicePointer output,
        int rowSet, int rowCapacity, int n, int k, LinearOutput kind) =>
        Launch(GemmTile.Choose(s_tiles, rowCapacity, n), stream, pass, input, weight, bias, output, rowSet, rowCapacity, n, k, kind);

    /// <summary>Queues a product with one of <see cref="Tiles"/>.</summary>
    internal void Launch(
        int tile, CudaStream stream, DevicePointer pass, DevicePointer input, DevicePointer weight, DevicePointer bias,
        DevicePointer output, int rowSet, int rowCapacity, int n, int k, LinearOutput kind)
    {
        GemmTile.RequireSizes(rowCapacity, n, k);
        var arguments = new Arguments
        {
            Pass = pass,
            RowSet = rowSet,
            Input = input,
            Weight = weight,
            Bias = bias,
            Output = output,
            N = n,
            K = k,
        };
        GemmTile shape = s_tiles[tile];
        CudaKernel<Arguments> kernel = _kernels[(int)kind * s_tiles.Length + tile];
        kernel.Launch(stream, shape.Grid(rowCapacity, n), new Dim3(shape.Threads), arguments, GemmTile.SharedBytes);
    }

    /// <summary>What a product cannot do without: input and weight once; the output written.</summary>
    internal static OperationCost Cost(int rows, int n, int k, LinearOutput kind, bool hasBias)
    {
        int outputSize = kind == LinearOutput.BFloat16 ? sizeof(ushort) : sizeof(float);
        double outputBytes = (double)rows * n * outputSize + (hasBias ? n * sizeof(ushort) : 0);
        return OperationCost.OfProduct(rows, n, k, sizeof(ushort), sizeof(ushort), outputBytes);
    }

    /// <summary>The kernels' parameters.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Arguments
    {
        public DevicePointer Pass;
        public int RowSet;
        public DevicePointer Input, Weight, Bias, Output;
        public int N, K;
    }
}
