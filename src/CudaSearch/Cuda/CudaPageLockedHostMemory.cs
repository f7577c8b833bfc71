namespace CudaSearch.Cuda;

/// <summary>An array in host memory that the device copies from and to without a detour, while the host goes on.</summary>
/// <typeparam name="T">The element.</typeparam>
internal sealed unsafe class CudaPageLockedHostMemory<T> : IDisposable
    where T : unmanaged
{
    private const uint Portable = 1;

    private readonly PinnedMemoryHandle _handle;

    /// <summary>Allocates in the current context; usable from every context.</summary>
    /// <param name="length">Elements, 1 to 2³¹ − 1.</param>
    /// <exception cref="CudaSearchException"><see cref="Failure.OutOfMemory"/>: the system locks no more pages.</exception>
    public CudaPageLockedHostMemory(long length)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Array.MaxLength);
        CudaContext context = CudaContext.Current;
        Length = (int)length;
        long bytes = length * sizeof(T);
        int result = DriverApi.cuMemHostAlloc(out nint pointer, (nuint)bytes, Portable);
        if (result == CudaResult.OutOfMemory)
        {
            throw new CudaSearchException(
                Failure.OutOfMemory,
                $"the system has no {(bytes + 1023) >> 10} KiB of page-locked memory left; " +
                "end other processes or raise the limit on locked memory");
        }
        if (result != CudaResult.Success) throw CudaException.Create(result, nameof(DriverApi.cuMemHostAlloc));
        _handle = new PinnedMemoryHandle(context, pointer);
    }

    /// <summary>Elements.</summary>
    public int Length { get; }

    /// <summary>The elements. While an asynchronous copy is queued the device may read or write them at any moment.</summary>
    public Span<T> Span => new(Pointer, Length);

    /// <summary>The first element.</summary>
    internal T* Pointer
    {
        get
        {
            ObjectDisposedException.ThrowIf(_handle.IsClosed, this);
            return (T*)_handle.DangerousGetHandle();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();
}
