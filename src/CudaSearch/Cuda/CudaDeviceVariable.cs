using System.Runtime.CompilerServices;

namespace CudaSearch.Cuda;

/// <summary>An array in device memory. What is in it at first is undefined.</summary>
/// <typeparam name="T">The element, laid out as the kernels see it.</typeparam>
internal sealed unsafe class CudaDeviceVariable<T> : IDisposable
    where T : unmanaged
{
    private readonly DeviceMemoryHandle _handle;

    /// <summary>Allocates in the current context.</summary>
    /// <param name="length">Elements, at least 1.</param>
    /// <exception cref="CudaSearchException"><see cref="Failure.OutOfMemory"/>: the device has not that much left.</exception>
    public CudaDeviceVariable(long length)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        CudaContext context = CudaContext.Current;
        Length = length;
        SizeInBytes = checked(length * sizeof(T));
        int result = DriverApi.cuMemAlloc(out nint pointer, (nuint)SizeInBytes);
        if (result == CudaResult.OutOfMemory) throw OutOfMemory(context, SizeInBytes);
        if (result != CudaResult.Success) throw CudaException.Create(result, nameof(DriverApi.cuMemAlloc));
        _handle = new DeviceMemoryHandle(context, pointer);
    }

    /// <summary>Elements.</summary>
    public long Length { get; }

    /// <summary>Bytes.</summary>
    public long SizeInBytes { get; }

    /// <summary>Where the array starts, on the device.</summary>
    public DevicePointer Pointer
    {
        get
        {
            ObjectDisposedException.ThrowIf(_handle.IsClosed, this);
            return new DevicePointer((ulong)_handle.DangerousGetHandle());
        }
    }

    /// <summary>
    /// Copies from ordinary memory: waits for all earlier work in the context, copies, and returns when the data is there. For loading and
    /// for
    /// tests; a pass uses the asynchronous copies.
    /// </summary>
    /// <param name="source">At most <see cref="Length"/> − <paramref name="index"/> elements.</param>
    /// <param name="index">The element of this array where they go.</param>
    public void CopyFrom(ReadOnlySpan<T> source, long index = 0)
    {
        DevicePointer start = Range(index, source.Length);
        fixed (T* host = source)
        {
            // Streams here do not order themselves with the driver's synchronous copies, hence the waits on both sides.
            CudaException.Check(DriverApi.cuCtxSynchronize());
            CudaException.Check(DriverApi.cuMemcpyHtoD(start, host, Bytes(source.Length)));
            CudaException.Check(DriverApi.cuCtxSynchronize());
        }
    }

    /// <summary>Waits for all work in the context, then copies to ordinary memory.</summary>
    /// <param name="destination">At most <see cref="Length"/> − <paramref name="index"/> elements.</param>
    /// <param name="index">The first element of this array to copy.</param>
    public void CopyTo(Span<T> destination, long index = 0)
    {
        DevicePointer start = Range(index, destination.Length);
        fixed (T* host = destination)
        {
            CudaException.Check(DriverApi.cuCtxSynchronize());
            CudaException.Check(DriverApi.cuMemcpyDtoH(host, start, Bytes(destination.Length)));
        }
    }

    /// <summary>Queues a copy from page-locked memory, which must keep its contents until the stream is past it.</summary>
    /// <param name="source">As many elements as this array, or fewer: they go to its start.</param>
    /// <param name="stream">Where it is queued.</param>
    public void CopyFromAsync(CudaPageLockedHostMemory<T> source, CudaStream stream) => CopyFromAsync(source, 0, 0, source.Length, stream);

    /// <summary>Queues a copy of a part of page-locked memory, which must keep its contents until the stream is past it.</summary>
    /// <param name="source">The memory.</param>
    /// <param name="sourceIndex">Its first element to copy.</param>
    /// <param name="index">The element of this array where it goes.</param>
    /// <param name="count">How many.</param>
    /// <param name="stream">Where it is queued.</param>
    public void CopyFromAsync(CudaPageLockedHostMemory<T> source, int sourceIndex, long index, int count, CudaStream stream)
    {
        T* host = HostRange(source, sourceIndex, count);
        CudaException.Check(DriverApi.cuMemcpyHtoDAsync(Range(index, count), host, Bytes(count), stream.Handle));
    }

    /// <summary>
    /// Queues a copy of as many elements as the page-locked memory has; they are there once the stream has been waited for.
    /// </summary>
    public void CopyToAsync(CudaPageLockedHostMemory<T> destination, CudaStream stream) =>
        CopyToAsync(destination, 0, 0, destination.Length, stream);

    /// <summary>Queues a copy to a part of page-locked memory; it is there once the stream has been waited for.</summary>
    /// <param name="destination">The memory.</param>
    /// <param name="destinationIndex">Its element where the copy goes.</param>
    /// <param name="index">The first element of this array to copy.</param>
    /// <param name="count">How many.</param>
    /// <param name="stream">Where it is queued.</param>
    public void CopyToAsync(CudaPageLockedHostMemory<T> destination, int destinationIndex, long index, int count, CudaStream stream)
    {
        T* host = HostRange(destination, destinationIndex, count);
        CudaException.Check(DriverApi.cuMemcpyDtoHAsync(host, Range(index, count), Bytes(count), stream.Handle));
    }

    /// <summary>Queues a copy within the device.</summary>
    /// <param name="source">Elements to copy: all of them, to the start of this array.</param>
    /// <param name="stream">Where it is queued.</param>
    public void CopyFromAsync(CudaDeviceVariable<T> source, CudaStream stream) =>
        CudaException.Check(DriverApi.cuMemcpyDtoDAsync(Range(0, source.Length), source.Pointer, (nuint)source.SizeInBytes, stream.Handle));

    /// <summary>Queues setting every byte.</summary>
    public void Fill(byte value, CudaStream stream) =>
        CudaException.Check(DriverApi.cuMemsetD8Async(Pointer, value, (nuint)SizeInBytes, stream.Handle));

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();

    private static nuint Bytes(long elements) => (nuint)(elements * sizeof(T));

    // The address of element `index`, once `count` elements from there are known to be inside.
    private DevicePointer Range(long index, long count, [CallerMemberName] string operation = "")
    {
        if (index < 0 || count < 0 || count > Length - index)
        {
            throw new ArgumentOutOfRangeException(
                nameof(index), $"{operation}: elements {index} to {index + count} are not inside a device array of {Length}");
        }
        return Pointer.Offset(index * sizeof(T));
    }

    private static T* HostRange(CudaPageLockedHostMemory<T> memory, int index, int count)
    {
        if (index >= 0 && count >= 0 && count <= memory.Length - index) return memory.Pointer + index;
        throw new ArgumentOutOfRangeException(
            nameof(index), $"elements {index} to {index + (long)count} are not inside page-locked memory of {memory.Length}");
    }

    private static CudaSearchException OutOfMemory(CudaContext context, long bytes)
    {
        long free = DriverApi.cuMemGetInfo(out nuint available, out _) == CudaResult.Success ? (long)available : 0;
        return new CudaSearchException(
            Failure.OutOfMemory,
            $"{context.Name} has no room for {MiB(bytes)} more: {MiB(free)} of {MiB(context.TotalMemory)} are free; " +
            "lower --memory or end other processes on the device");
    }

    private static string MiB(long bytes) => $"{bytes / 1048576.0:F1} MiB";
}
