namespace CudaSearch.Engine;

/// <summary>
/// The one thread that owns a device. It launches a pass of each engine on it (generator and verifier) as soon as the engine has work and its last pass has
/// ended, so that passes of several are under way at once where the device has queues; with nothing under way it sleeps until a request arrives.
/// </summary>
public sealed class DeviceLoop : IDisposable
{
    private readonly object _gate = new();
    private readonly AutoResetEvent _work = new(initialState: false);
    private readonly Thread _thread;
    private volatile InferenceEngine[] _engines = [];
    private volatile bool _stopping;

    /// <summary>Starts the thread.</summary>
    public DeviceLoop()
    {
        _thread = new Thread(Run) { IsBackground = true, Name = "cudasearch-device" };
        _thread.Start();
    }

    internal void Add(InferenceEngine engine)
    {
        lock (_gate) _engines = [.. _engines, engine];
    }

    internal void Remove(InferenceEngine engine)
    {
        lock (_gate) _engines = [.. _engines.Where(other => other != engine)];
    }

    internal void Wake() => _work.Set();

    /// <summary>Ends the thread after the passes under way. Dispose the engines first.</summary>
    public void Dispose()
    {
        _stopping = true;
        _work.Set();
        _thread.Join();
        _work.Dispose();
    }

    private void Run()
    {
        var patience = new SpinWait();
        while (true)
        {
            bool stopping = _stopping, worked = false, underWay = false;
            foreach (InferenceEngine engine in _engines)
            {
                worked |= engine.Advance(launch: !stopping);
                underWay |= engine.IsUnderWay;
            }
            if (stopping && !underWay) return;
            if (worked) patience.Reset();
            // Two queues cannot be waited for at once, and a pass is short: looking again and again is how the driver itself waits.
            else if (underWay) patience.SpinOnce(sleep1Threshold: -1);
            else _work.WaitOne();
        }
    }
}
