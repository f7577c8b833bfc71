using System.Runtime.InteropServices;
using CudaSearch.Cuda;

namespace CudaSearch.Backends.Cuda;

/// <summary>Launches copy_pages.cu: the pass's page copies, in their order, in every layer.</summary>
/// <param name="kernel">The kernel <c>copy_pages</c>.</param>
internal sealed class CopyPagesKernel(CudaKernel<CopyPagesKernel.Arguments> kernel)
{
    private const int Threads = 256;
    private const int BytesPerThread = 16;

    /// <summary>Takes the kernel from the library.</summary>
    public CopyPagesKernel(KernelLibrary library)
        : this(library.Get<Arguments>("copy_pages", "copy_pages"))
    {
    }

    /// <param name="stream">Where to launch.</param>
    /// <param name="pass">The pass block: the copies.</param>
    /// <param name="cache">The first layer's pages.</param>
    /// <param name="layerStride">Bytes from layer to layer.</param>
    /// <param name="pageBytes">Bytes of a page in one layer, keys and values of all heads; a multiple of 16.</param>
    /// <param name="layers">Layers.</param>
    public void Launch(CudaStream stream, DevicePointer pass, DevicePointer cache, long layerStride, int pageBytes, int layers)
    {
        var arguments = new Arguments { Pass = pass, Cache = cache, LayerStride = layerStride, PageBytes = pageBytes, Layers = layers };
        const int BytesPerBlock = Threads * BytesPerThread;
        kernel.Launch(stream, new Dim3((pageBytes + BytesPerBlock - 1) / BytesPerBlock, layers), new Dim3(Threads), arguments);
    }

    /// <summary>What so many copies cannot do without: each page read and written in every layer.</summary>
    internal static OperationCost Cost(int copies, long pageBytes, int layers) => new(2.0 * copies * pageBytes * layers, Flops: 0);

    /// <summary>The kernel's parameters.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Arguments
    {
        public DevicePointer Pass, Cache;
        public long LayerStride;
        public int PageBytes, Layers;
    }
}
