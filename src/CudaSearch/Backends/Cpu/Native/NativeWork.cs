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
    public float* Queries;
    public void* Keys, Values;
    public float* KeyScales, ValueScales, Widened, Output, Later, State;
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
    public readonly delegate* unmanaged<long, long> InputBytes;
    public readonly delegate* unmanaged<float*, void*, long, void> Narrow;
    public readonly delegate* unmanaged<long, long> PanelBytes;
    public readonly delegate* unmanaged<void*, int, long, long, void*, void> Pack;
    public readonly delegate* unmanaged<LinearWork*, void> Linear;
    public readonly delegate* unmanaged<GatedLinearWork*, void> GatedLinear;
    public readonly delegate* unmanaged<AttentionWork*, void> Attend;
    public readonly delegate* unmanaged<long, long> Peak;
    public readonly delegate* unmanaged<void*, long, void> Read;
}

/// <summary>Formats of weights, as kernels.h numbers them.</summary>
internal enum NativeWeights
{
    Float32,
    BFloat16,
    Int8,
    E4M3,
}
