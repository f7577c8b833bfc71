namespace CudaSearch.Engine.Tracing;

/// <summary>What the pages and passes of an engine came to.</summary>
public sealed record TraceTotals
{
    /// <summary>Passes run.</summary>
    public long Passes { get; init; }

    /// <summary>Tokens computed.</summary>
    public long Rows { get; init; }

    /// <summary>Of those, tokens that had been computed before and whose pages were given up.</summary>
    public long RecomputedRows { get; init; }

    /// <summary>Tokens that were found in the cache of prefixes.</summary>
    public long MatchedTokens { get; init; }

    /// <summary>Most pages in use at once, cached prefixes included.</summary>
    public int PagesPeak { get; init; }

    /// <summary>Most pages that sequences held at once.</summary>
    public int HeldPeak { get; init; }

    /// <summary>Most pages they would have held if none were shared.</summary>
    public int HeldAlonePeak { get; init; }

    /// <summary>Pages taken from the free ones.</summary>
    public long Allocated { get; init; }

    /// <summary>Pages copied on write.</summary>
    public long Copied { get; init; }

    /// <summary>Pages of cached prefixes given up.</summary>
    public long Evicted { get; init; }

    /// <summary>Sequences whose pages were taken from them.</summary>
    public long SetAside { get; init; }

    /// <summary>Requests that did not fit even alone.</summary>
    public long Refused { get; init; }

    /// <summary>Pages that attention read.</summary>
    public long PageReads { get; init; }

    /// <summary>Pages it would have read if every sequence read its own.</summary>
    public long PageReadsAlone { get; init; }
}

/// <summary>Adds up the events of one engine.</summary>
public sealed class TraceTally
{
    private readonly Dictionary<long, int> _computed = [];
    private int _cached;

    /// <summary>The sums so far.</summary>
    public TraceTotals Result { get; private set; } = new();

    /// <summary>Adds up a trace, engine by engine.</summary>
    public static IReadOnlyDictionary<int, TraceTotals> Of(IEnumerable<TraceEvent> events)
    {
        var tallies = new Dictionary<int, TraceTally>();
        foreach (TraceEvent happened in events)
        {
            if (happened.Event == "engine") tallies.Add(happened.Engine, new TraceTally());
            if (tallies.TryGetValue(happened.Engine, out TraceTally? tally)) tally.Add(happened);
        }
        return tallies.ToDictionary(pair => pair.Key, pair => pair.Value.Result);
    }

    /// <summary>Adds an event.</summary>
    public void Add(TraceEvent happened)
    {
        int cachedBefore = _cached;
        _cached = happened.Cached ?? _cached;
        Result = Result with
        {
            Allocated = Result.Allocated + (happened.Allocated?.Length ?? 0),
            PagesPeak = Math.Max(Result.PagesPeak, happened.Used ?? 0),
        };
        switch (happened.Event)
        {
            case "fork" or "trunk":
                _computed[happened.Seq!.Value] = _computed.GetValueOrDefault(happened.From!.Value);
                break;
            case "adopt" or "part":
                _computed[happened.Seq!.Value] = Math.Max(_computed.GetValueOrDefault(happened.Seq.Value), happened.Length!.Value);
                break;
            case "truncate":
                _computed[happened.Seq!.Value] = Math.Min(_computed.GetValueOrDefault(happened.Seq.Value), happened.Length!.Value);
                break;
            case "result" when happened.Length is { } kept:
                _computed[happened.Seq!.Value] = Math.Min(_computed.GetValueOrDefault(happened.Seq.Value), kept);
                break;
            case "match":
                _computed[happened.Seq!.Value] = Math.Max(_computed.GetValueOrDefault(happened.Seq.Value), happened.Length!.Value);
                Result = Result with { MatchedTokens = Result.MatchedTokens + happened.Length.Value };
                break;
            case "extend":
                int end = happened.First!.Value + happened.Rows!.Value, known = _computed.GetValueOrDefault(happened.Seq!.Value);
                Result = Result with
                {
                    Rows = Result.Rows + happened.Rows.Value,
                    RecomputedRows = Result.RecomputedRows + Math.Max(0, Math.Min(end, known) - happened.First.Value),
                    Copied = Result.Copied + (happened.Copy is null ? 0 : 1),
                };
                _computed[happened.Seq.Value] = Math.Max(end, known);
                break;
            case "drop":
                _computed.Remove(happened.Seq!.Value);
                break;
            case "evict":
                Result = Result with { Evicted = Result.Evicted + cachedBefore - _cached };
                break;
            case "set_aside":
                Result = Result with { SetAside = Result.SetAside + 1 };
                break;
            case "plan":
                Result = Result with { HeldPeak = Math.Max(Result.HeldPeak, happened.Held!.Value), HeldAlonePeak = Math.Max(Result.HeldAlonePeak, happened.HeldAlone!.Value) };
                break;
            case "pass":
                Result = Result with
                {
                    Passes = Result.Passes + 1,
                    PageReads = Result.PageReads + (happened.PageReads ?? 0),
                    PageReadsAlone = Result.PageReadsAlone + (happened.PageReadsAlone ?? 0),
                };
                break;
        }
    }
}
