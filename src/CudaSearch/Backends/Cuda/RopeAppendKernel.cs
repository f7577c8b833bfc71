using System.Runtime.InteropServices;
using CudaSearch.Cuda;

namespace CudaSearch.Backends.Cuda;

/// <summary>
/// Launches rope_append.cu: rotary positions on queries and keys (Su et al. 2021, rotate-half), then keys and values into their page slots.
/// </summary>
/// <param name="kernel">The kernel <c>rope_append_bf16</c>.</param>
internal sealed class RopeAppendKernel(CudaKernel<RopeAppendKernel.Arguments> kernel)
{
    private const int Threads = 128;

    /// <summary>Takes the kernel from the library.</summary>
    public RopeAppendKernel(KernelLibrary library)
        : this(library.Get<Arguments>("rope_append", "rope_append_bf16"))
    {
    }

    /// <param name="stream">Where to launch.</param>
    /// <param name="capacity">Most rows that a pass of this launch has.</param>
    /// <param name="pass">The pass block: positions and slots.</param>
    /// <param name="queries">[rows, heads * headDim] bf16, rotated in place.</param>
    /// <param name="keys">[rows, kvHeads * headDim] bf16, left as they are.</param>
    /// <param name="values">[rows, kvHeads * headDim] bf16</param>
    /// <param name="cos">[positions, headDim / 2] float32</param>
    /// <param name="sin">[positions, headDim / 2] float32</param>
    /// <param name="cacheLayer">[page][kv head][keys, values][16][headDim] bf16; the rows' slots are written.</param>
    /// <param name="heads">Query heads.</param>
    /// <param name="kvHeads">Key/value heads.</param>
    /// <param name="headDim">Elements of a head, a multiple of 16.</param>
    public void Launch(
        CudaStream stream, int capacity, DevicePointer pass, DevicePointer queries, DevicePointer keys, DevicePointer values,
        DevicePointer cos, DevicePointer sin, DevicePointer cacheLayer, int heads, int kvHeads, int headDim)
    {
        var arguments = new Arguments
        {
            Pass = pass,
            Queries = queries,
            Keys = keys,
            Values = values,
            Cos = cos,
            Sin = sin,
            CacheLayer = cacheLayer,
            Heads = heads,
            KvHeads = kvHeads,
            HeadDim = headDim,
        };
        kernel.Launch(stream, new Dim3(capacity), new Dim3(Threads), arguments);
    }

    /// <summary>What so many rows cannot do without: queries read and written, keys and values read and appended, a cosine and a sine for each pair.</summary>
    internal static OperationCost Cost(int rows, int heads, int kvHeads, int headDim) =>
        new((double)rows * headDim * ((2 * heads + 4 * kvHeads) * sizeof(ushort) + sizeof(float)), Flops: 0);

    /// <summary>The kernel's parameters.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Arguments
    {
        public DevicePointer Pass, Queries, Keys, Values, Cos, Sin, CacheLayer;
        public int Heads, KvHeads, HeadDim;
    }
}
