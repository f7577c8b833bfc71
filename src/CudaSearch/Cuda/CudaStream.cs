namespace CudaSearch.Cuda;

/// <summary>
/// A queue of device work, carried out in order. Streams here do not wait for the driver's default stream, nor it for them
/// (CU_STREAM_NON_BLOCKING): only events and <see cref="Synchronize"/> order them.
/// </summary>
internal sealed class CudaStream : IDisposable
{
    private const uint NonBlocking = 1;

    /// <summary>Creates a stream in the current context.</summary>
    public CudaStream()
    {
        CudaContext context = CudaContext.Current;
        CudaException.Check(DriverApi.cuStreamCreate(out nint stream, NonBlocking));
        Handle = new StreamHandle(context, stream);
    }

    /// <summary>The driver's stream.</summary>
    internal StreamHandle Handle { get; }

    /// <summary>Waits until everything queued here is done; a fault of an earlier kernel shows here.</summary>
    public void Synchronize() => CudaException.Check(DriverApi.cuStreamSynchronize(Handle));

    /// <inheritdoc/>
    public void Dispose() => Handle.Dispose();
}
