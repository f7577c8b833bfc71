using System.CommandLine;
using CudaSearch.Engine.Tracing;
using CudaSearch.Evaluation;

namespace CudaSearch.Cli.Options;

/// <summary><c>--trace</c>: writes down what happens to sequences and KV pages.</summary>
internal static class TraceOption
{
    public static Option<string?> Create() => new("--trace")
    {
        Description = "write down what happens to sequences and KV pages, as JSON lines for the command kv; it costs time",
    };

    /// <summary>Begins to record before the models are there.</summary>
    /// <param name="path">Where to; null for nowhere.</param>
    /// <param name="keep">Whether the events are wanted in memory as well.</param>
    /// <param name="host">Told when the file could not be finished.</param>
    public static Recording Begin(string? path, bool keep, CommandHost host) => new(path is null ? null : new TraceFile(path), keep ? new TraceList() : null, host);

    /// <summary>A trace as it is recorded. It must outlive the workbench.</summary>
    public sealed class Recording(TraceFile? file, TraceList? list, CommandHost host) : IDisposable
    {
        /// <summary>The events so far; null when they were not to be kept.</summary>
        public IReadOnlyList<TraceEvent>? Events => list?.Events;

        public void Start(Workbench workbench)
        {
            ITraceSink? sink = file is not null && list is not null ? new TraceFork(file, list) : (ITraceSink?)file ?? list;
            if (sink is not null) workbench.StartTrace(sink);
        }

        public void Dispose()
        {
            file?.Dispose();
            if (file?.Failure is { } failure) host.Error.WriteLine($"the trace is not whole: {failure}");
        }
    }
}
