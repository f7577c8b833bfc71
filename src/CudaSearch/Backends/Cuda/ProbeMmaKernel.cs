using System.Runtime.InteropServices;
using CudaSearch.Cuda;

namespace CudaSearch.Backends.Cuda;

/// <summary>Launches probe_mma.cu: one small product over and over, by the tensor-core instruction that the name says.</summary>
internal sealed class ProbeMmaKernel
{
    private readonly CudaKernel<Arguments> _kernel;
    private readonly int _threads, _dynamicShared, _blocksPerMultiprocessor;

    private ProbeMmaKernel(Func<string, CudaKernel<Arguments>> get, string function, (int Rows, int Columns, int Depth) tile, int threads, int dynamicShared, int blocksPerMultiprocessor)
    {
        _kernel = get(function);
        Instruction = function.Split('_')[1];
        Tile = tile;
        (_threads, _dynamicShared, _blocksPerMultiprocessor) = (threads, dynamicShared, blocksPerMultiprocessor);
    }

    /// <summary>The instruction, in a word.</summary>
    public string Instruction { get; }

    /// <summary>A round computes a [rows, depth] times bᵀ [depth, columns].</summary>
    public (int Rows, int Columns, int Depth) Tile { get; }

    /// <summary>Products side by side in a block.</summary>
    public int ProductsPerBlock => Instruction == "mma" ? _threads / 32 : 1;

    /// <summary>mma.sync, which every device has: a warp multiplies registers.</summary>
    public static ProbeMmaKernel Mma(KernelLibrary library) =>
        new(From(library), "probe_mma_bf16", (64, 32, 16), threads: 512, dynamicShared: 0, blocksPerMultiprocessor: 1);

    /// <summary>wgmma, of Hopper alone: four warps multiply shared memory, the same 64 columns four times a round.</summary>
    public static ProbeMmaKernel Wgmma(KernelLibrary library) => Wgmma(From(library));

    /// <summary>As the other, from anywhere.</summary>
    internal static ProbeMmaKernel Wgmma(Func<string, CudaKernel<Arguments>> get) =>
        new(get, "probe_wgmma_bf16", (64, 128, 256), threads: 128, dynamicShared: (64 + 128) * 64 * sizeof(ushort), blocksPerMultiprocessor: 3);

    /// <summary>Blocks that a device holds at once.</summary>
    public int Blocks(int multiprocessors) => _blocksPerMultiprocessor * multiprocessors;

    /// <summary>Operations of a launch, two a multiply-add.</summary>
    public double Flops(int blocks, int rounds) => 2.0 * Tile.Rows * Tile.Columns * Tile.Depth * rounds * ProductsPerBlock * blocks;

    /// <param name="stream">Where to launch.</param>
    /// <param name="blocks">Each does the same.</param>
    /// <param name="rounds">Times that the product is computed and added.</param>
    /// <param name="output">[rows, columns] float32: the sum.</param>
    public void Launch(CudaStream stream, int blocks, int rounds, DevicePointer output) =>
        _kernel.Launch(stream, new Dim3(blocks), new Dim3(_threads), new Arguments { Rounds = rounds, Output = output }, _dynamicShared);

    private static Func<string, CudaKernel<Arguments>> From(KernelLibrary library) => function => library.Get<Arguments>("probe_mma", function);

    /// <summary>The kernels' parameters.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Arguments
    {
        public int Rounds;
        public DevicePointer Output;
    }
}
