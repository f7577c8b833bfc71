using System.Diagnostics;
using CudaSearch.Backends;
using CudaSearch.Cache;

namespace CudaSearch.Engine.Tracing;

/// <summary>
/// Writes down what a scheduler does, event by event, each with the changes of pages that came with it. What callers asked for is there as well as what followed from it,
/// so that a replay can repeat the first and be compared with the second.
/// </summary>
internal sealed class EngineTrace
{
    private readonly ITraceSink _sink;
    private readonly PagePool _pool;
    private readonly Scheduler _scheduler;
    private readonly PageChanges _changes = new();
    private readonly Dictionary<Usage, int> _scopes = [];
    private readonly long _start = Stopwatch.GetTimestamp();
    private int _engine;

    public EngineTrace(ITraceSink sink, PagePool pool, Scheduler scheduler)
    {
        if (scheduler.Sequences.Count > 0) throw new InvalidOperationException("a trace begins before the first sequence");
        (_sink, _pool, _scheduler) = (sink, pool, scheduler);
        scheduler.ClearCache();
        pool.Changes = _changes;
    }

    /// <summary>The scopes of the sequences, numbered as in the trace.</summary>
    public IReadOnlyDictionary<Usage, int> Scopes => _scopes;

    public void Begin(TraceEvent head)
    {
        _engine = head.Engine;
        _sink.Write(head with { Event = "engine", Pages = _pool.PageCount, PageSize = _pool.TokensPerPage });
    }

    public void Created(Sequence sequence) => Write(new()
    {
        Event = "create", Seq = sequence.Age, Scope = ScopeOf(sequence.Usage), Beam = sequence.Stream.Beam, Tokens = [.. sequence.Tokens],
    });

    public void Forked(Sequence fork, Sequence from) => Write(new() { Event = "fork", Seq = fork.Age, From = from.Age, Beam = fork.Stream.Beam, Length = fork.Length });

    public void TrunkGrown(Sequence trunk, Sequence sequence) => Write(new() { Event = "trunk", Seq = trunk.Age, From = sequence.Age, Length = trunk.Length });

    public void Appended(Sequence sequence, ReadOnlySpan<int> tokens) => Write(new() { Event = "append", Seq = sequence.Age, Tokens = [.. tokens] });

    public void Truncated(Sequence sequence) => Write(new() { Event = "truncate", Seq = sequence.Age, Length = sequence.Length });

    public void OwnersChanged(Sequence sequence) => Write(new() { Event = "owners", Seq = sequence.Age, Owners = sequence.OwnerCount });

    public void Released(Sequence sequence) => Write(new() { Event = "release", Seq = sequence.Age });

    public void Dropped(Sequence sequence) => Write(new() { Event = "drop", Seq = sequence.Age });

    public void Requested(Request request) => Write(new()
    {
        Event = "request", Seq = request.Sequence.Age, Kind = request.Kind.ToString().ToLowerInvariant(), Positions = request.Positions,
    });

    public void Cancelled(Request request) => Write(new() { Event = "cancel", Seq = request.Sequence.Age });

    public void Refused(Request request) => Write(new() { Event = "refuse", Seq = request.Sequence.Age, Length = request.Sequence.Length });

    public void CacheCleared() => Write(new() { Event = "clear" });

    public void Adopted(Sequence sequence) => Write(new() { Event = "adopt", Seq = sequence.Age, From = sequence.Trunk!.Age, Length = sequence.Table.Length });

    public void Joined(Sequence twin, Sequence leader) => Write(new() { Event = "twin", Seq = twin.Age, From = leader.Age });

    public void Parted(Sequence twin, Sequence leader) => Write(new() { Event = "part", Seq = twin.Age, From = leader.Age, Length = twin.Table.Length });

    public void Matched(Sequence sequence) => Write(new() { Event = "match", Seq = sequence.Age, Length = sequence.Table.Length });

    public void Cached(Sequence sequence)
    {
        if (_changes.Shared.Count > 0) Write(new() { Event = "cache", Seq = sequence.Age });
    }

    public void Evicted()
    {
        if (_changes.Freed.Count + _changes.Released.Count > 0) Write(new() { Event = "evict" });
    }

    public void SetAside(Sequence sequence, int length) => Write(new() { Event = "set_aside", Seq = sequence.Age, Length = length });

    public void Extended(Sequence sequence, int first, int rows, PageCopy? copy) => Write(new()
    {
        Event = "extend", Seq = sequence.Age, First = first, Rows = rows, Copy = copy is { } made ? [made.Source, made.Destination] : null,
    });

    public void Planned(int sequences)
    {
        (int held, int alone) = _scheduler.CountPages();
        Write(new()
        {
            Event = "plan", Pass = sequences > 0 ? _scheduler.Passes : null, Sequences = sequences, Held = held, HeldAlone = alone, Ms = Elapsed,
        });
    }

    /// <summary>What a request got of a pass: nothing but for drawn tokens and its end.</summary>
    /// <param name="request">The request.</param>
    /// <param name="length">Length of its sequence before.</param>
    /// <param name="held">Length of its table before; a cut within what is computed shortens it.</param>
    /// <param name="done">Whether that was all.</param>
    public void Result(Request request, int length, int held, bool done)
    {
        if (!request.Draws && !done) return;
        Sequence sequence = request.Sequence;
        int kept = sequence.Table.Length < held ? sequence.Table.Length : length;
        Write(new()
        {
            Event = "result", Seq = sequence.Age, Length = kept < length ? kept : null, Done = done ? true : null,
            Tokens = request.Draws ? [.. sequence.Tokens[kept..]] : null,
        });
    }

    public void Committed(StepBatch batch, Exception? failure) => Write(new()
    {
        Event = failure is null ? "pass" : "failure", Pass = _scheduler.Passes, Ms = Elapsed, Rows = batch.RowCount, Items = batch.Plan.Items.Length,
        PageReads = batch.Plan.DistinctPages, PageReadsAlone = batch.Plan.PagesWithoutSharing,
    });

    private double Elapsed => Math.Round(Stopwatch.GetElapsedTime(_start).TotalMilliseconds, 3);

    private int ScopeOf(Usage usage)
    {
        if (!_scopes.TryGetValue(usage, out int scope)) _scopes.Add(usage, scope = _scopes.Count);
        return scope;
    }

    private void Write(TraceEvent happened)
    {
        bool changed = _changes.Allocated.Count + _changes.Shared.Count + _changes.Released.Count + _changes.Freed.Count > 0;
        _sink.Write(happened with
        {
            Engine = _engine,
            Allocated = List(_changes.Allocated), Shared = List(_changes.Shared), Released = List(_changes.Released), Freed = List(_changes.Freed),
            Used = changed || happened.Event is "plan" or "pass" ? _pool.UsedCount : null,
            Cached = changed || happened.Event is "plan" or "pass" ? _scheduler.Prefixes.CachedPages : null,
        });
        _changes.Clear();

        static int[]? List(List<int> pages) => pages.Count == 0 ? null : [.. pages];
    }
}
