using System.Runtime.InteropServices;
using CudaSearch.Cuda;

namespace CudaSearch.Backends.Cuda;

/// <summary>Launches embed.cu: the embedding of every row's token, and what the first norm needs.</summary>
/// <param name="kernel">The kernel <c>embed_bf16</c>.</param>
internal sealed class EmbedKernel(CudaKernel<EmbedKernel.Arguments> kernel)
{
    /// <summary>Takes the kernel from the library.</summary>
    public EmbedKernel(KernelLibrary library)
        : this(library.Get<Arguments>("embed", "embed_bf16"))
    {
    }

    /// <param name="stream">Where to launch.</param>
    /// <param name="capacity">Most rows that a pass of this launch has.</param>
    /// <param name="pass">The pass block.</param>
    /// <param name="table">[vocabulary, columns] bf16</param>
    /// <param name="hidden">[capacity, columns] float32; the pass's rows are written.</param>
    /// <param name="next">The first norm; likewise.</param>
    /// <param name="columns">A multiple of 64.</param>
    public void Launch(CudaStream stream, int capacity, DevicePointer pass, DevicePointer table, DevicePointer hidden, NextNorm next, int columns)
    {
        var arguments = new Arguments
        {
            Pass = pass, Table = table, Hidden = hidden, NormWeight = next.Weight, Operand = next.Operand, Squares = next.Squares, Columns = columns,
        };
        kernel.Launch(stream, new Dim3(capacity), new Dim3(RowBlock.Threads(columns)), arguments);
    }

    /// <summary>What so many embeddings cannot do without: bf16 in, float32 out; of the norm that follows, the weight and the bf16 rows.</summary>
    internal static OperationCost Cost(int rows, int columns) =>
        new((double)rows * columns * (sizeof(ushort) + sizeof(float) + sizeof(ushort)) + columns * sizeof(ushort), Flops: 0);

    /// <summary>The kernel's parameters.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Arguments
    {
        public DevicePointer Pass, Table, Hidden, NormWeight, Operand, Squares;
        public int Columns;
    }
}
