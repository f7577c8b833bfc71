using CudaSearch.Cuda;

namespace CudaSearch.Backends.Cuda;

/// <content>Passes: each model's in a lane of its own.</content>
public sealed partial class CudaBackend
{
    private readonly Dictionary<IPass, PassLane> _lanes = new(ReferenceEqualityComparer.Instance);

    // Weights and first contents are queued on the backend's own stream: a lane waits for what was queued there before its pass.
    private readonly CudaEvent _loaded;
    private long _loads;

    // The splits of all models' products meet in one workspace: where the table has such products, passes wait for each other on the device.
    private readonly CudaEvent _splitsFree;

    // The lane whose pass is being issued: what the operations launch on.
    private PassLane _lane = null!;

    /// <summary>Passes recorded and not forgotten.</summary>
    internal int GraphCount => _lanes.Values.Sum(lane => lane.Graphs.Count);

    /// <inheritdoc/>
    public void Run(IPass pass, StepBatch batch)
    {
        Launch(pass, batch);
        Finish(pass, batch);
    }

    /// <inheritdoc/>
    public void Launch(IPass pass, StepBatch batch)
    {
        using NvtxRange range = Nvtx.Installed.Begin("pass"u8);
        try
        {
            PassLane lane = Prepare(pass, batch);
            CudaGraphExec graph = lane.UploadForGraph(pass, batch);
            if (_epoch is not null) lane.Timer.Begin();
            graph.Launch(lane.Stream);
            if (_epoch is not null) lane.Timer.End();
            if (_splitsProducts) _splitsFree.Record(lane.Stream);
            lane.QueueReadBack(batch);
        }
        catch (CudaException fault)
        {
            throw Explain(fault);
        }
    }

    /// <inheritdoc/>
    public bool IsDone(IPass pass) => !_lanes[pass].IsBusy;

    /// <inheritdoc/>
    public void Finish(IPass pass, StepBatch batch)
    {
        try
        {
            _context.SetCurrent();
            _lanes[pass].Finish(batch);
        }
        catch (CudaException fault)
        {
            throw Explain(fault);
        }
    }

    /// <inheritdoc/>
    public void Forget(IPass pass)
    {
        if (_lanes.Remove(pass, out PassLane? lane)) lane.Dispose();
    }

    /// <summary>The lane of a model, ready for a pass over this batch.</summary>
    private PassLane Prepare(IPass pass, StepBatch batch)
    {
        _context.SetCurrent();
        if (!_lanes.TryGetValue(pass, out PassLane? lane)) _lanes[pass] = lane = new PassLane(_dependentLaunch, pass.GoesFirst);
        lane.Prepare(pass, batch);
        if (lane.Loads != _loads)
        {
            lane.Stream.WaitEvent(_loaded);
            lane.Loads = _loads;
        }
        if (_splitsProducts) lane.Stream.WaitEvent(_splitsFree);
        return _lane = lane;
    }

    /// <summary>Makes something whose contents are queued on the backend's own stream.</summary>
    private T Load<T>(Func<T> make) => Guarded(() =>
    {
        T made = make();
        _loaded.Record(_stream);
        _loads++;
        return made;
    });
}
