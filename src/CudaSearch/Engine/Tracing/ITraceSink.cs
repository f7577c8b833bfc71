namespace CudaSearch.Engine.Tracing;

/// <summary>Where the events of a trace go. Engines write from several threads; each holds its engine's lock meanwhile.</summary>
public interface ITraceSink
{
    /// <summary>Takes an event. It must not throw: nobody could tell whose fault it is.</summary>
    void Write(TraceEvent happened);
}

/// <summary>Keeps a trace in memory.</summary>
public sealed class TraceList : ITraceSink
{
    private readonly Lock _gate = new();
    private readonly List<TraceEvent> _events = [new() { Event = "trace", Version = TraceFile.Version }];

    /// <summary>The events so far.</summary>
    public IReadOnlyList<TraceEvent> Events
    {
        get
        {
            lock (_gate) return [.. _events];
        }
    }

    /// <inheritdoc/>
    public void Write(TraceEvent happened)
    {
        lock (_gate) _events.Add(happened);
    }
}

/// <summary>Writes every event to two places.</summary>
public sealed class TraceFork(ITraceSink first, ITraceSink second) : ITraceSink
{
    /// <inheritdoc/>
    public void Write(TraceEvent happened)
    {
        first.Write(happened);
        second.Write(happened);
    }
}
