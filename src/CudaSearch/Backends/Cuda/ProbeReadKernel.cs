using System.Runtime.InteropServices;
using CudaSearch.Cuda;

namespace CudaSearch.Backends.Cuda;

/// <summary>Launches probe_read.cu: all of some memory read once, in order.</summary>
/// <param name="kernel">The kernel <c>probe_read_u32</c>.</param>
internal sealed class ProbeReadKernel(CudaKernel<ProbeReadKernel.Arguments> kernel)
{
    /// <summary>Threads of a block.</summary>
    public const int Threads = 512;

    private const int ChunkBytes = 16;

    /// <summary>Takes the kernel from the library.</summary>
    public ProbeReadKernel(KernelLibrary library)
        : this(library.Get<Arguments>("probe_read", "probe_read_u32"))
    {
    }

    /// <summary>Blocks that a device holds at once.</summary>
    public static int Blocks(int multiprocessors) => 2 * multiprocessors;

    /// <summary>Sums that a launch writes: one a warp.</summary>
    public static int Sums(int blocks) => blocks * Threads / 32;

    /// <param name="stream">Where to launch.</param>
    /// <param name="blocks">Any number gives the same total.</param>
    /// <param name="data">What is read.</param>
    /// <param name="bytes">How much of it, a multiple of 16.</param>
    /// <param name="sums">[<see cref="Sums"/>] uint32: of the words that each warp read.</param>
    public void Launch(CudaStream stream, int blocks, DevicePointer data, long bytes, DevicePointer sums) =>
        kernel.Launch(stream, new Dim3(blocks), new Dim3(Threads), new Arguments { Data = data, Chunks = bytes / ChunkBytes, Sums = sums });

    /// <summary>The kernel's parameters.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Arguments
    {
        public DevicePointer Data;
        public long Chunks;
        public DevicePointer Sums;
    }
}
