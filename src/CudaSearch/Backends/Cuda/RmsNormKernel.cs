using System.Runtime.InteropServices;
using CudaSearch.Cuda;

namespace CudaSearch.Backends.Cuda;

/// <summary>Launches rms_norm.cu: rows divided by their root mean square, times a weight.</summary>
/// <param name="kernel">The kernel <c>rms_norm_bf16</c>.</param>
internal sealed class RmsNormKernel(CudaKernel<RmsNormKernel.Arguments> kernel)
{
    /// <summary>Takes the kernel from the library.</summary>
    public RmsNormKernel(KernelLibrary library)
        : this(library.Get<Arguments>("rms_norm", "rms_norm_bf16"))
    {
    }

    /// <param name="stream">Where to launch.</param>
    /// <param name="capacity">Most rows that the row set of this launch has.</param>
    /// <param name="pass">The pass block.</param>
    /// <param name="rowSet">0: every row of the pass; 1: its output rows, gathered behind one another.</param>
    /// <param name="input">[rows of the pass, stride] float32, zero beyond <paramref name="columns"/>.</param>
    /// <param name="weight">[stride] bf16, zero beyond <paramref name="columns"/>.</param>
    /// <param name="output">[capacity, stride] bf16; the set's rows are written, zero beyond <paramref name="columns"/>.</param>
    /// <param name="columns">How many elements the mean is over.</param>
    /// <param name="stride">From row to row, in elements; a multiple of 64, at least <paramref name="columns"/>.</param>
    /// <param name="epsilon">Added to the mean square.</param>
    public void Launch(
        CudaStream stream, int capacity, DevicePointer pass, int rowSet, DevicePointer input, DevicePointer weight, DevicePointer output,
        int columns, int stride, float epsilon)
    {
        var arguments = new Arguments
        {
            Pass = pass,
            RowSet = rowSet,
            Input = input,
            Weight = weight,
            Output = output,
            Columns = columns,
            Stride = stride,
            Epsilon = epsilon,
        };
        kernel.Launch(stream, new Dim3(capacity), new Dim3(RowBlock.Threads(stride)), arguments);
    }

    /// <summary>What norms of so many rows cannot do without: float32 in, bf16 out, the weight once.</summary>
    internal static OperationCost Cost(int rows, int stride) => new((double)rows * stride * (sizeof(float) + sizeof(ushort)) + stride * sizeof(ushort), Flops: 0);

    /// <summary>The kernel's parameters.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Arguments
    {
        public DevicePointer Pass;
        public int RowSet;
        public DevicePointer Input, Weight, Output;
        public int Columns, Stride;
        public float Epsilon;
    }
}
