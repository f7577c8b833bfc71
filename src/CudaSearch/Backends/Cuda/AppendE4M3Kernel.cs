using System.Runtime.InteropServices;
using CudaSearch.Cuda;

namespace CudaSearch.Backends.Cuda;

/// <summary>Launches append_e4m3.cu: the keys and values of a pass, rounded from bf16 to e4m3 on their way to their page slots.</summary>
/// <param name="kernel">The kernel <c>append_e4m3_d64</c> or <c>_d128</c>.</param>
internal sealed class AppendE4M3Kernel(CudaKernel<AppendE4M3Kernel.Arguments> kernel)
{
    private const int Warps = 4;

    /// <summary>Takes the kernel from the library.</summary>
    /// <param name="library">The kernels.</param>
    /// <param name="headDim">Elements of a head, 64 or 128.</param>
    public AppendE4M3Kernel(KernelLibrary library, int headDim)
        : this(library.Get<Arguments>("append_e4m3", AttentionHead.Function("append_e4m3", headDim)))
    {
    }

    /// <param name="stream">Where to launch.</param>
    /// <param name="rowCapacity">Most rows that a pass of this launch has.</param>
    /// <param name="pass">The pass block: rows and slots.</param>
    /// <param name="staged">[ceil(rows / 16)][kv head][keys, values][16][headDim] bf16: the row's number is its slot.</param>
    /// <param name="cacheLayer">As <see cref="CudaKvCache"/> has it in e4m3; the rows' slots are written.</param>
    /// <param name="kvHeads">Key/value heads.</param>
    public void Launch(CudaStream stream, int rowCapacity, DevicePointer pass, DevicePointer staged, DevicePointer cacheLayer, int kvHeads)
    {
        var arguments = new Arguments { Pass = pass, Staged = staged, CacheLayer = cacheLayer, KvHeads = kvHeads };
        kernel.Launch(stream, new Dim3(rowCapacity, (2 * kvHeads + Warps - 1) / Warps), new Dim3(Warps * 32), arguments);
    }

    /// <summary>What so many rows cannot do without: their keys and values read in bf16 and written in e4m3, with scales.</summary>
    internal static OperationCost Cost(int rows, int kvHeads, int headSize) =>
        new(2.0 * rows * kvHeads * (headSize * sizeof(ushort) + CudaKvCache.VectorBytes(headSize, KvPrecision.Fp8)), Flops: 0);

    /// <summary>The kernel's parameters.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Arguments
    {
        public DevicePointer Pass, Staged, CacheLayer;
        public int KvHeads;
    }
}
