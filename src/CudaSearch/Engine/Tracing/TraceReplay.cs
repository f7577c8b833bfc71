using CudaSearch.Cache;

namespace CudaSearch.Engine.Tracing;

/// <summary>An engine's cache after a replay.</summary>
/// <param name="Engine">The engine as it was run.</param>
/// <param name="Totals">What its pages and passes came to.</param>
/// <param name="Scopes">The cost of each scope of the trace, by its number.</param>
public sealed record ReplayedEngine(TraceEvent Engine, TraceTotals Totals, IReadOnlyDictionary<int, Usage> Scopes);

/// <summary>Runs a recorded trace again, without a model, under the recorded policy or another one.</summary>
public static class TraceReplay
{
    /// <summary>Runs it.</summary>
    /// <param name="events">The trace.</param>
    /// <param name="policy">How to run the caches.</param>
    /// <param name="sink">Told what happens, as in a recording; null for nobody.</param>
    /// <param name="passed">Told of every pass that was planned; what it is told is valid until it returns. Null for nobody.</param>
    /// <returns>The engines, in the order of the trace.</returns>
    /// <exception cref="CudaSearchException">The trace contradicts itself.</exception>
    public static IReadOnlyList<ReplayedEngine> Run(
        IReadOnlyList<TraceEvent> events, ReplayPolicy policy, ITraceSink? sink = null, Action<ReplayedPass>? passed = null)
    {
        if (policy.PageSize is { } size && (size is < 1 or > PagePool.MaxPageSize || !int.IsPow2(size)))
            throw CudaSearchException.BadInput($"page-size is {size}; it must be a power of two, 1 to {PagePool.MaxPageSize}");
        var engines = new Dictionary<int, (EngineReplay Replay, TotalsSink Totals)>();
        int line = 0;
        try
        {
            for (; line < events.Count; line++)
            {
                TraceEvent happened = events[line];
                if (happened.Event == "trace") continue;
                // The pass failed, and with it all that waited: what follows was never computed.
                if (happened.Event == "failure") break;
                if (happened.Event == "engine")
                {
                    var totals = new TotalsSink(sink);
                    Queue<RequestScript> scripts = TraceScripts.Of(events.Where(other => other.Engine == happened.Engine));
                    engines.Add(happened.Engine, (new EngineReplay(happened, scripts, policy, totals, passed ?? (_ => { })), totals));
                }
                else
                {
                    engines[happened.Engine].Replay.Apply(happened);
                }
            }
            foreach ((EngineReplay replay, TotalsSink _) in engines.Values) replay.Finish();
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or KeyNotFoundException)
        {
            throw CudaSearchException.BadInput($"the trace contradicts itself at event {line + 1}: {e.Message}", e);
        }
        return
        [
            .. engines.OrderBy(pair => pair.Key).Select(pair => new ReplayedEngine(
                pair.Value.Replay.Head, pair.Value.Totals.Of.Result with { Refused = pair.Value.Replay.Refused }, pair.Value.Replay.Scopes)),
        ];
    }

    /// <summary>
    /// Replays a trace under the recorded policy and compares every event, each with its pages; only times are left out.
    /// </summary>
    /// <returns>What differs first, in words; null when nothing does.</returns>
    /// <exception cref="CudaSearchException">The trace contradicts itself.</exception>
    public static string? FirstDifference(IReadOnlyList<TraceEvent> events)
    {
        var again = new TraceList();
        Run(events, new ReplayPolicy(), again);
        foreach (int engine in events.Where(happened => happened.Event == "engine").Select(happened => happened.Engine))
        {
            string[] recorded = Lines(events, engine), replayed = Lines(again.Events, engine);
            for (int i = 0; i < Math.Max(recorded.Length, replayed.Length); i++)
            {
                string then = i < recorded.Length ? recorded[i] : "nothing", now = i < replayed.Length ? replayed[i] : "nothing";
                if (then != now) return $"event {i + 1} of engine {engine} was {then} and is {now}";
            }
        }
        return null;

        static string[] Lines(IReadOnlyList<TraceEvent> events, int engine) =>
            [.. events.Where(happened => happened.Engine == engine && happened.Event != "trace").Select(happened => (happened with { Ms = null }).ToJson())];
    }

    private sealed class TotalsSink(ITraceSink? next) : ITraceSink
    {
        public TraceTally Of { get; } = new();

        public void Write(TraceEvent happened)
        {
            Of.Add(happened);
            next?.Write(happened);
        }
    }
}
