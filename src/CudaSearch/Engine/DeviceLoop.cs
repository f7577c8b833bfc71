namespace CudaSearch.Engine;

/// <summary>
/// The one thread that owns a device. The engines on it (generator and verifier) take turns, a pass each, as long as any of them has work; then
/// it sleeps until a request arrives.
/// </summary>
public sealed class DeviceLoop : IDisposable
{
    private readonly List<InferenceEngine> _engines = [];
    private readonly AutoResetEvent _work = new(initialState: false);
    private readonly Thread _thread;
    private volatile bool _stopping;

    /// <summary>Starts the thread.</summary>
    public DeviceLoop()
    {
        _thread = new Thread(Run) { IsBackground = true, Name = "cudasearch-device" };
        _thread.Start();
    }

    internal void Add(InferenceEngine engine)
    {
        lock (_engines) _engines.Add(engine);
    }

    internal void Remove(InferenceEngine engine)
    {
        lock (_engines) _engines.Remove(engine);
    }

    internal void Wake() => _work.Set();

    /// <summary>Ends the thread after the pass that is running. Dispose the engines first.</summary>
    public void Dispose()
    {
        _stopping = true;
        _work.Set();
        _thread.Join();
        _work.Dispose();
    }

    private void Run()
    {
        InferenceEngine[] engines = [];
        while (!_stopping)
        {
            lock (_engines)
            {
                if (engines.Length != _engines.Count || !_engines.SequenceEqual(engines)) engines = [.. _engines];
            }
            bool worked = false;
            foreach (InferenceEngine engine in engines) worked |= engine.RunPass();
            if (!worked) _work.WaitOne();
        }
    }
}
