using System.Runtime.InteropServices;

namespace CudaSearch.Backends.Cpu.Native;

// The structures of kernels/cpu/kernels.h, field by field; shapes and units are said there.

[StructLayout(LayoutKind.Sequential)]
internal unsafe struct LinearWork
{
    public void* Input, Weight;
    public float* Bias, Output;
    public long InputStride, OutputStride;
    public int Rows, Columns, FirstOutput, EndOutput, Add;
}

[StructLayout(LayoutKind.Sequential)]
internal unsafe struct GatedLinearWork
{
    public void* Input, Gate, Up;
    public float* Output;
    public long InputStride, OutputStride;
    public int Rows, Columns, FirstOutput, EndOutput;
}

[StructLayout(LayoutKind.Sequential)]
internal unsafe struct AttentionWork
{
    public float* Queries, Keys, Values, Output, State;
    public Cache.WorkItem* Items;
    public Cache.PlanMember* Members;
    public int* Pages;
    public int ItemCount, Heads, KvHeads, HeadDim;
    public float Scale;
    public int KvHead, FirstRow, EndRow;
}

[StructLayout(LayoutKind.Sequential)]
internal readonly unsafe struct NativeKernels
{
    /// <summary>Bytes of an input element: 2 for bfloat16, 4 for float32.</summary>
    public readonly int InputSize;

    /// <summary>(source, destination, count): float32 to the input's type; null where that is float32.</summary>
    public readonly delegate* unmanaged<float*, void*, long, void> Narrow;
    public readonly delegate* unmanaged<LinearWork*, void> Linear;
    public readonly delegate* unmanaged<GatedLinearWork*, void> GatedLinear;
    public readonly delegate* unmanaged<AttentionWork*, void> Attend;
}
