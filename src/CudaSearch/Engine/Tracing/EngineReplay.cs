using CudaSearch.Backends;
using CudaSearch.Cache;

namespace CudaSearch.Engine.Tracing;

/// <summary>
/// One engine of a trace, run again without its model. The scheduler, pool, tables, prefix tree and attention plans are the engine's own, so nothing of them is
/// modelled twice. What callers asked for comes from the trace, in its order; what follows from it is done anew. Under the recorded policy every pass falls between
/// the same two events as it did. Under another one a request may take longer: then passes run until it is answered before its sequence is used again.
/// </summary>
internal sealed class EngineReplay
{
    // Far more than any request takes, even where it is set aside in turn with others.
    private const long MostPassesToSettle = 1_000_000;

    private readonly Scheduler _scheduler;
    private readonly StepBatch _batch = new();
    private readonly PlanLimits _limits;
    private readonly bool _share;
    private readonly Dictionary<long, Sequence> _sequences = [];
    private readonly Dictionary<int, Usage> _scopes = [];
    private readonly Queue<RequestScript> _scripts;
    private readonly Action<ReplayedPass> _passed;
    private bool _planned;

    /// <summary>Prepares a replay.</summary>
    /// <param name="head">The engine's event.</param>
    /// <param name="scripts">What became of its requests.</param>
    /// <param name="policy">How to run its cache.</param>
    /// <param name="sink">Told what happens, as in a recording.</param>
    /// <param name="passed">Told of every pass that was planned.</param>
    public EngineReplay(TraceEvent head, Queue<RequestScript> scripts, ReplayPolicy policy, ITraceSink sink, Action<ReplayedPass> passed)
    {
        int size = policy.PageSize ?? Needed(head.PageSize);
        long bytes = Needed(head.PageBytes) / Needed(head.PageSize) * size;
        long pages = policy.Pages ?? Math.Max(1, (long)Needed(head.Pages) * Needed(head.PageSize) / size);
        Pool = new PagePool((int)Math.Min(pages, Array.MaxLength), size);
        _scripts = scripts;
        _passed = passed;
        _limits = new PlanLimits(Needed(head.MaxSpanRows), Needed(head.MaxPartials), Needed(head.StateKeys), Needed(head.MinItems));
        _share = policy.ShareAttention ?? Needed(head.SharedAttention);
        _scheduler = new Scheduler(Pool, new PassCapacity(Needed(head.MaxRows), Needed(head.MaxOutputRows)), policy.Eviction);
        _scheduler.Trace = new EngineTrace(sink, Pool, _scheduler);
        _scheduler.Trace.Begin(Head = head with { Pages = Pool.PageCount, PageSize = size, PageBytes = bytes, SharedAttention = _share });
    }

    /// <summary>The engine as it is now.</summary>
    public TraceEvent Head { get; }

    public PagePool Pool { get; }

    /// <summary>Cost by scope.</summary>
    public IReadOnlyDictionary<int, Usage> Scopes => _scopes;

    /// <summary>Requests that did not fit even alone.</summary>
    public int Refused { get; private set; }

    /// <summary>Repeats what was asked for; passes over what followed from it.</summary>
    /// <exception cref="InvalidOperationException">The trace contradicts itself.</exception>
    public void Apply(TraceEvent happened)
    {
        switch (happened.Event)
        {
            case "create":
                _sequences.Add(Needed(happened.Seq), _scheduler.Create(null!, [.. Needed(happened.Tokens)], Stream(happened), ScopeOf(Needed(happened.Scope))));
                break;
            case "fork":
                Sequence from = Idle(Needed(happened.From));
                _sequences.Add(Needed(happened.Seq), _scheduler.Fork(from, Stream(happened)));
                break;
            case "append":
                _scheduler.Append(Idle(Needed(happened.Seq)), Needed(happened.Tokens));
                break;
            case "truncate":
                _scheduler.Truncate(Idle(Needed(happened.Seq)), Needed(happened.Length));
                break;
            case "owners":
                _scheduler.SetOwners(Of(happened), Needed(happened.Owners));
                break;
            case "release":
                Sequence ended = Of(happened);
                // One that was answered by then was not cancelled by its release.
                if (ended.Request is ReplayRequest { WasAnswered: true }) Settle(ended);
                _sequences.Remove(Needed(happened.Seq));
                _scheduler.Dispose(ended);
                break;
            case "request":
                Submit(new ReplayRequest(Idle(Needed(happened.Seq)), KindOf(happened), happened.Positions, _scripts.Dequeue()));
                break;
            case "cancel":
                if (Of(happened).Request is { InPass: false } cancelled) _scheduler.Cancel(cancelled);
                break;
            case "clear":
                _scheduler.ClearCache();
                break;
            case "plan":
                if (!_planned) Plan();
                break;
            case "pass":
                if (_planned) Commit();
                break;
        }
    }

    /// <summary>Runs what is left to run: a policy that needs more passes than were recorded.</summary>
    public void Finish()
    {
        if (_planned) Commit();
        foreach (Sequence sequence in _sequences.Values.ToArray())
            if (sequence.Request is ReplayRequest { WasAnswered: true }) Settle(sequence);
        _scheduler.CheckIntegrity();
    }

    private static RandomStream Stream(TraceEvent happened) => new(0, 0, happened.Beam ?? 0);

    private static T Needed<T>(T? value)
        where T : struct => value ?? throw Incomplete();

    private static T Needed<T>(T? value)
        where T : class => value ?? throw Incomplete();

    private static RequestKind KindOf(TraceEvent happened) => happened.Kind switch
    {
        "generate" => RequestKind.Generate,
        "reward" => RequestKind.Reward,
        "logits" => RequestKind.Logits,
        _ => throw new InvalidOperationException($"there are no requests of the kind {happened.Kind}"),
    };

    private static InvalidOperationException Incomplete() => new("an event lacks a field that it needs");

    private Usage ScopeOf(int scope)
    {
        if (!_scopes.TryGetValue(scope, out Usage? usage)) _scopes.Add(scope, usage = new Usage());
        return usage;
    }

    private Sequence Of(TraceEvent happened) => Of(Needed(happened.Seq));

    private Sequence Of(long id) =>
        _sequences.TryGetValue(id, out Sequence? sequence) ? sequence : throw new InvalidOperationException($"there is no sequence {id}");

    private Sequence Idle(long id)
    {
        Sequence sequence = Of(id);
        Settle(sequence);
        return sequence;
    }

    /// <summary>As the engine does, a sequence that is longer than the cache is refused at once.</summary>
    private void Submit(ReplayRequest request)
    {
        if (Pool.PagesToHold(request.Sequence.Length) <= Pool.PageCount)
        {
            _scheduler.Submit(request);
            return;
        }
        request.Fail(new CudaSearchException(Failure.OutOfMemory, "too long"));
        Refused++;
    }

    private void Settle(Sequence sequence)
    {
        long first = _scheduler.Passes;
        while (sequence.Request is not null)
        {
            if (_scheduler.Passes - first > MostPassesToSettle) throw new InvalidOperationException($"sequence {sequence.Age} gets nowhere in {MostPassesToSettle} passes");

            if (!_planned) Plan();
            if (_planned) Commit();
            else if (sequence.Request is not null) throw new InvalidOperationException($"sequence {sequence.Age} waits for ever");
        }
    }

    private void Plan()
    {
        ReplayRequest[] waiting = [.. _scheduler.Sequences.Select(sequence => sequence.Request).OfType<ReplayRequest>()];
        _planned = _scheduler.Plan(_batch);
        Refused += waiting.Count(request => request.Refused);
        if (!_planned) return;
        _batch.Complete(_limits, _share);
        _passed(new ReplayedPass(Head.Engine, _scheduler.Passes, _batch, _scheduler));
    }

    private void Commit()
    {
        _planned = false;
        _scheduler.Commit(new PassResults(_batch, model: null), failure: null);
        _scheduler.Deliver();
    }
}
