using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using CudaSearch.Checkpoints;

namespace CudaSearch.Backends.Cpu;

/// <summary>A zeroed block of floats outside the managed heap, aligned to a cache line; untouched pages of it cost no memory.</summary>
internal sealed unsafe class NativeBuffer : SafeHandle
{
    private const nuint LineBytes = 64;
    private readonly nint _block;

    /// <param name="count">Floats.</param>
    /// <param name="hugePages">Whether to ask for large pages: for memory that is written once and streamed again and again.</param>
    public NativeBuffer(long count, bool hugePages = false)
        : base(0, ownsHandle: true)
    {
        nuint alignment = hugePages ? MemoryAdvice.HugePageBytes : LineBytes;
        nuint bytes = checked((nuint)count * sizeof(float) + alignment);
        try
        {
            // calloc maps fresh zero pages for large blocks instead of writing zeros: a big cache is reserved, not filled.
            _block = (nint)NativeMemory.AllocZeroed(bytes);
        }
        catch (OutOfMemoryException exception)
        {
            throw new CudaSearchException(Failure.OutOfMemory, $"the system refused {bytes >> 20} MiB of memory; lower --memory", exception);
        }
        SetHandle((nint)(((nuint)_block + alignment - 1) & ~(alignment - 1)));
        if (hugePages) MemoryAdvice.WantHugePages(handle, bytes - alignment);
        Count = count;
    }

    public long Count { get; }

    public float* Pointer => (float*)handle;

    public override bool IsInvalid => handle == 0;

    /// <summary>Makes a buffer hold as many floats as are wanted, and more for the next time; what it held is lost when it grows.</summary>
    public static void Reserve([NotNull] ref NativeBuffer? buffer, long count)
    {
        if (buffer?.Count >= count) return;
        buffer?.Dispose();
        buffer = new NativeBuffer(2 * count);
    }

    protected override bool ReleaseHandle()
    {
        NativeMemory.Free((void*)_block);
        return true;
    }
}
