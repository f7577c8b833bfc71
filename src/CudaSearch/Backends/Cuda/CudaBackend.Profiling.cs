using CudaSearch.Cuda;

namespace CudaSearch.Backends.Cuda;

/// <content>Passes taken apart, and what the device can do at best.</content>
public sealed partial class CudaBackend : IProfiledBackend
{
    // From when on every pass is timed; null where none is.
    private CudaEvent? _epoch;

    // Made when it is first asked for; told of launches only while RunTimed issues them.
    private LaunchProfiler? _timing, _profiler;

    private LaunchProfiler Timing => _timing ??= new LaunchProfiler(_context, _stream);

    /// <inheritdoc/>
    public Ceilings? ProbeCeilings(WeightPrecision precision) => Guarded(() => new CudaCeilingProbe(_context, _library, _stream).Measure());

    /// <inheritdoc/>
    public PassRecording RunTimed(IPass pass, StepBatch batch) => Guarded(() =>
    {
        using NvtxRange range = Nvtx.Installed.Begin("observed pass"u8);
        PassLane lane = Prepare(pass, batch);
        lane.Buffers.Upload(batch, pass.Attention, lane.Stream);
        _profiler = Timing;
        try
        {
            _profiler.Record(lane.Stream, () => pass.Issue(batch));
        }
        finally
        {
            _profiler = null;
        }
        lane.QueueReadBack(batch);
        lane.Finish(batch);
        return Timing.Result();
    });

    /// <inheritdoc/>
    public double RunWhole(IPass pass, StepBatch batch) => Guarded(() =>
    {
        using NvtxRange range = Nvtx.Installed.Begin("pass"u8);
        PassLane lane = Prepare(pass, batch);
        CudaGraphExec graph = lane.UploadForGraph(pass, batch);
        Timing.Occupy(lane.Stream);
        using var timer = new CudaTimer(lane.Stream);
        double seconds = timer.Time(() => graph.Launch(lane.Stream));
        lane.QueueReadBack(batch);
        lane.Finish(batch);
        return seconds;
    });

    /// <inheritdoc/>
    public void TimePasses() => Guarded(() =>
    {
        var epoch = new CudaEvent();
        epoch.Record(_stream);
        epoch.Synchronize();
        _epoch?.Dispose();
        return _epoch = epoch;
    });

    /// <inheritdoc/>
    public (double Begin, double End)? LastInterval(IPass pass) => _epoch is null ? null : Guarded(() => _lanes[pass].Timer.Since(_epoch));

    /// <inheritdoc/>
    public void EmptyCaches()
    {
        // The profiler empties them before every pass that it times.
    }

    /// <inheritdoc/>
    public IProductPeer? OpenProductPeer(out string? reason)
    {
        string? fault = null;
        IProductPeer? peer = Guarded(() => CudaBlas.TryOpen(out CudaBlas? blas, out fault) ? new CublasPeer(blas, _stream, Timing) : null);
        reason = fault;
        return peer;
    }
}
