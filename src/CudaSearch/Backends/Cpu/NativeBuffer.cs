using System.Runtime.InteropServices;

namespace CudaSearch.Backends.Cpu;

/// <summary>A zeroed block of floats outside the managed heap, aligned to a cache line; untouched pages of it cost no memory.</summary>
internal sealed unsafe class NativeBuffer : SafeHandle
{
    private const nuint Alignment = 64;
    private readonly nint _block;

    public NativeBuffer(long count)
        : base(0, ownsHandle: true)
    {
        nuint bytes = checked((nuint)count * sizeof(float) + Alignment);
        try
        {
            // calloc maps fresh zero pages for large blocks instead of writing zeros: a big cache is reserved, not filled.
            _block = (nint)NativeMemory.AllocZeroed(bytes);
        }
        catch (OutOfMemoryException exception)
        {
            throw new CudaSearchException(Failure.OutOfMemory, $"the system refused {bytes >> 20} MiB of memory; lower --memory", exception);
        }
        SetHandle((nint)(((nuint)_block + Alignment - 1) & ~(Alignment - 1)));
        Count = count;
    }

    public long Count { get; }

    public float* Pointer => (float*)handle;

    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        NativeMemory.Free((void*)_block);
        return true;
    }
}
