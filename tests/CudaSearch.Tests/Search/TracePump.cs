namespace CudaSearch.Tests.Search;

/// <summary>Runs everything awaited on the calling thread, one continuation after the other, so that a replay has one possible order.</summary>
internal sealed class TracePump : SynchronizationContext, IDisposable
{
    private readonly SynchronizationContext? _outer = Current;
    private readonly Queue<(SendOrPostCallback Callback, object? State)> _work = new();

    public TracePump() => SetSynchronizationContext(this);

    public override void Post(SendOrPostCallback d, object? state) => _work.Enqueue((d, state));

    /// <summary>Runs until everybody waits for something that only the caller can give.</summary>
    public void Drain()
    {
        while (_work.TryDequeue(out (SendOrPostCallback Callback, object? State) next)) next.Callback(next.State);
    }

    public void Dispose() => SetSynchronizationContext(_outer);
}
