using System.Text.Json;

namespace CudaSearch.Engine.Tracing;

/// <summary>A trace as JSON lines.</summary>
public sealed class TraceFile : ITraceSink, IDisposable
{
    /// <summary>Version of the format.</summary>
    public const int Version = 2;

    private readonly Lock _gate = new();
    private readonly string _path;
    private readonly StreamWriter _writer;

    /// <summary>Begins a trace; an existing file is replaced.</summary>
    /// <exception cref="CudaSearchException">The file cannot be written.</exception>
    public TraceFile(string path)
    {
        _path = path;
        try
        {
            _writer = new StreamWriter(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw CudaSearchException.BadInput($"cannot write {path}: {e.Message}", e);
        }
        Write(new TraceEvent { Event = "trace", Version = Version });
    }

    /// <summary>Why the file is not whole; null when it is. A full disk must not end the search that is traced.</summary>
    public string? Failure { get; private set; }

    /// <inheritdoc/>
    public void Write(TraceEvent happened) => Try(() => _writer.WriteLine(happened.ToJson()));

    /// <inheritdoc/>
    public void Dispose() => Try(_writer.Dispose);

    /// <summary>Reads a trace.</summary>
    /// <exception cref="CudaSearchException">There is no such file, or it holds something else; the message names the line.</exception>
    public static IReadOnlyList<TraceEvent> Read(string path)
    {
        string[] lines;
        try
        {
            lines = File.ReadAllLines(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw CudaSearchException.BadInput($"cannot read {path}: {e.Message}", e);
        }
        var events = new List<TraceEvent>(lines.Length);
        for (int i = 0; i < lines.Length; i++)
        {
            try
            {
                events.Add(TraceEvent.FromJson(lines[i]));
            }
            catch (JsonException e)
            {
                throw CudaSearchException.BadInput($"{path}, line {i + 1}: not an event of a trace ({e.Message.Split('.')[0]}); traces are made by solve and eval with --trace", e);
            }
        }
        if (events.Count == 0 || events[0].Event != "trace") throw CudaSearchException.BadInput($"{path} is no trace; traces are made by solve and eval with --trace");
        if (events[0].Version != Version) throw CudaSearchException.BadInput($"{path} is a trace of version {events[0].Version}, and this program reads version {Version}");
        return events;
    }

    private void Try(Action write)
    {
        lock (_gate)
        {
            if (Failure is not null) return;
            try
            {
                write();
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException)
            {
                Failure = $"cannot write {_path}: {e.Message}";
            }
        }
    }
}
