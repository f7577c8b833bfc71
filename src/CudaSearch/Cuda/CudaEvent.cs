namespace CudaSearch.Cuda;

/// <summary>A mark in a stream: other streams can wait for it, and two of them measure the time between them on the device.</summary>
internal sealed class CudaEvent : IDisposable
{
    private const uint DefaultFlags = 0;

    /// <summary>Creates an event in the current context.</summary>
    public CudaEvent()
    {
        CudaContext context = CudaContext.Current;
        CudaException.Check(DriverApi.cuEventCreate(out nint created, DefaultFlags));
        Handle = new EventHandle(context, created);
    }

    /// <summary>The driver's event.</summary>
    internal EventHandle Handle { get; }

    /// <summary>Marks the present end of a stream's queue; an earlier mark of this event is forgotten.</summary>
    public void Record(CudaStream stream) => CudaException.Check(DriverApi.cuEventRecord(Handle, stream.Handle));

    /// <summary>Waits until the stream has come to the mark.</summary>
    public void Synchronize() => CudaException.Check(DriverApi.cuEventSynchronize(Handle));

    /// <summary>Milliseconds on the device from an earlier mark to this one; both have been reached.</summary>
    public float ElapsedMilliseconds(CudaEvent from)
    {
        CudaException.Check(DriverApi.cuEventElapsedTime(out float milliseconds, from.Handle, Handle));
        return milliseconds;
    }

    /// <inheritdoc/>
    public void Dispose() => Handle.Dispose();
}
