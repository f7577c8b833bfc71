namespace CudaSearch.Cuda;

/// <summary>Times queued work on the device, between two events.</summary>
internal sealed class CudaTimer(CudaStream stream) : IDisposable
{
    private readonly CudaEvent _begin = new(), _end = new();

    /// <summary>Queues work, waits for it, and returns the seconds that the device was at it.</summary>
    public double Time(Action queue)
    {
        _begin.Record(stream);
        queue();
        _end.Record(stream);
        _end.Synchronize();
        return _end.ElapsedMilliseconds(_begin) / 1e3;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _begin.Dispose();
        _end.Dispose();
    }
}
