namespace CudaSearch.Cuda;

/// <summary>Times queued work on the device, between two events.</summary>
internal sealed class CudaTimer(CudaStream stream) : IDisposable
{
    private readonly CudaEvent _begin = new(), _end = new();

    /// <summary>Queues work, waits for it, and returns the seconds that the device was at it.</summary>
    public double Time(Action queue)
    {
        Begin();
        queue();
        End();
        _end.Synchronize();
        return _end.ElapsedMilliseconds(_begin) / 1e3;
    }

    /// <summary>Marks where the work begins.</summary>
    public void Begin() => _begin.Record(stream);

    /// <summary>Marks where it ends.</summary>
    public void End() => _end.Record(stream);

    /// <summary>Seconds from a mark to the begin and to the end, all of which have been reached.</summary>
    public (double Begin, double End) Since(CudaEvent mark) => (_begin.ElapsedMilliseconds(mark) / 1e3, _end.ElapsedMilliseconds(mark) / 1e3);

    /// <inheritdoc/>
    public void Dispose()
    {
        _begin.Dispose();
        _end.Dispose();
    }
}
