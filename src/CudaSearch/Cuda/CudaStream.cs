namespace CudaSearch.Cuda;

/// <summary>
/// A queue of device work, carried out in order. Streams here do not wait for the driver's default stream, nor it for them
/// (CU_STREAM_NON_BLOCKING): only events and <see cref="Synchronize"/> order them.
/// </summary>
internal sealed class CudaStream : IDisposable
{
    private const uint NonBlocking = 1;

    private readonly CudaContext _context;
    private readonly bool _dependentLaunch;

    /// <summary>Creates a stream in the current context.</summary>
    /// <param name="dependentLaunch">See <see cref="DependentLaunch"/>.</param>
    /// <param name="goesFirst">Whether blocks of its kernels are started before those that wait in other streams.</param>
    public CudaStream(bool dependentLaunch = false, bool goesFirst = false)
    {
        // Lower numbers go first; a device that has no more than one priority takes either for it.
        const int Ordinary = 0, First = -1;
        _dependentLaunch = dependentLaunch;
        _context = CudaContext.Current;
        CudaException.Check(DriverApi.cuStreamCreateWithPriority(out nint stream, NonBlocking, goesFirst ? First : Ordinary));
        Handle = new StreamHandle(_context, stream);
    }

    /// <summary>Who watches the launches; null, and that is the normal case, for nobody.</summary>
    internal ILaunchObserver? Observer { get; set; }

    /// <summary>
    /// Whether a kernel launched here, or captured, may start before the kernel right before it has ended (programmatic dependent launch); kernels that can
    /// wait for their predecessors themselves do. Copies and events still order everything. Never while an <see cref="Observer"/> watches: kernels that overlap
    /// cannot be timed one by one.
    /// </summary>
    public bool DependentLaunch => _dependentLaunch && Observer is null;

    /// <summary>The driver's stream.</summary>
    internal StreamHandle Handle { get; }

    /// <summary>
    /// Whether something queued here is not done yet. False after a fault: <see cref="Synchronize"/> then tells of it.
    /// </summary>
    public bool IsBusy => DriverApi.cuStreamQuery(Handle) == CudaResult.NotReady;

    /// <summary>Waits until everything queued here is done; a fault of an earlier kernel shows here.</summary>
    public void Synchronize() => CudaException.Check(DriverApi.cuStreamSynchronize(Handle));

    /// <summary>What is queued here from now on begins after the event's last mark; the host does not wait.</summary>
    public void WaitEvent(CudaEvent mark)
    {
        const uint NoFlags = 0;
        CudaException.Check(DriverApi.cuStreamWaitEvent(Handle, mark.Handle, NoFlags));
    }

    /// <summary>
    /// From now on work queued here is written down instead of done. Until <see cref="EndCapture"/> this thread must not wait for the
    /// stream,
    /// allocate or copy synchronously.
    /// </summary>
    public void BeginCapture() => CudaException.Check(DriverApi.cuStreamBeginCapture(Handle, CaptureMode.ThreadLocal));

    /// <summary>Ends a capture and returns what was written down.</summary>
    /// <exception cref="CudaException">Something forbidden happened in between; the stream is usable again.</exception>
    public CudaGraph EndCapture()
    {
        CudaException.Check(DriverApi.cuStreamEndCapture(Handle, out nint graph));
        return new CudaGraph(_context, graph);
    }

    /// <summary>Ends a capture that went wrong and forgets it, so that the first error can be thrown on. Never throws.</summary>
    public void AbandonCapture()
    {
        if (DriverApi.cuStreamEndCapture(Handle, out nint graph) == CudaResult.Success && graph != 0) _ = DriverApi.cuGraphDestroy(graph);
    }

    /// <inheritdoc/>
    public void Dispose() => Handle.Dispose();
}
