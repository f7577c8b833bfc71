using CudaSearch.Backends;
using CudaSearch.Cache;
using CudaSearch.Engine.Tracing;
using CudaSearch.Model;
using CudaSearch.Tokenization;

namespace CudaSearch.Engine;

/// <summary>What an engine needs beside its model.</summary>
public sealed record EngineOptions
{
    /// <summary>Decodes text for stop rules; null leaves texts empty and stop texts unsupported.</summary>
    public Tokenizer? Tokenizer { get; init; }

    /// <summary>Tokens that end a generation; the first is the tokenizer's own end of sequence.</summary>
    public IReadOnlyList<int> EndTokens { get; init; } = [];

    /// <summary>False makes attention read every sequence's pages for itself, for measurements.</summary>
    public bool ShareAttention { get; init; } = true;
}

/// <summary>
/// Continuous batching over one model: whatever all callers wait for — prefills, decodes, rewards — goes into the next pass together. Callers are on any
/// thread; passes run on the <see cref="DeviceLoop"/>. Bookkeeping is guarded by a lock that is never held while a pass computes.
/// </summary>
public sealed class InferenceEngine : IDisposable
{
    private readonly DeviceLoop _loop;
    private readonly Transformer _model;
    private readonly EngineOptions _options;
    private readonly int[] _endTokens;
    private readonly object _gate = new();
    private readonly Scheduler _scheduler;
    private readonly StepBatch _batch = new();
    private bool _inPass;
    private bool _disposed;

    // Something may wait to be planned: what the loop looks at before it takes the lock.
    private volatile bool _isAsked;

    /// <summary>An engine for this model on this loop's device. The model stays the caller's.</summary>
    public InferenceEngine(DeviceLoop loop, Transformer model, EngineOptions options)
    {
        _loop = loop;
        _model = model;
        _options = options;
        _endTokens = [.. options.EndTokens];
        Pool = new PagePool(model.Pages);
        _scheduler = new Scheduler(Pool, new PassCapacity(model.MaxRows, model.MaxOutputRows));
        loop.Add(this);
    }

    /// <summary>The tokenizer it was given.</summary>
    public Tokenizer? Tokenizer => _options.Tokenizer;

    /// <summary>Most tokens a sequence may have.</summary>
    public int ContextLength => _model.Config.MaxPositionEmbeddings;

    /// <summary>Passes run so far.</summary>
    public long Passes => _scheduler.Passes;

    /// <summary>How it stands at this moment.</summary>
    public EngineStatus Status
    {
        get
        {
            lock (_gate)
            {
                (int held, int alone) = _scheduler.CountPages();
                return new EngineStatus(_scheduler.Passes, _scheduler.DrawnTokens, held, alone, Pool.PageCount);
            }
        }
    }

    /// <summary>Whether what happens to its sequences is written down.</summary>
    internal bool IsTraced => _scheduler.Trace is not null;

    /// <summary>Pages of the KV cache.</summary>
    public int PageCount => Pool.PageCount;

    /// <summary>The pages.</summary>
    internal PagePool Pool { get; }

    /// <summary>Watches where time goes; null, and that is the normal case, for nobody. Set it before the first request.</summary>
    internal PassMeter? Meter { get; set; }

    /// <summary>A sequence that starts with these tokens; nothing is computed yet.</summary>
    /// <param name="tokens">At least one token id.</param>
    /// <param name="stream">The random numbers it draws.</param>
    /// <param name="usage">The scope its cost is counted in; null makes one of its own.</param>
    public Sequence CreateSequence(ReadOnlySpan<int> tokens, RandomStream stream = default, Usage? usage = null)
    {
        if (tokens.IsEmpty) throw CudaSearchException.BadInput("a sequence needs at least one token; the prompt has none");
        foreach (int token in tokens) CheckToken(token);
        CheckLength(tokens.Length);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _scheduler.Create(this, [.. tokens], stream, usage ?? new Usage());
        }
    }

    /// <summary>Draws tokens until a stop rule holds; they are appended to the sequence.</summary>
    public Task<GenerationResult> GenerateAsync(Sequence sequence, GenerationOptions options, CancellationToken cancellation = default)
    {
        options.Validate();
        if (options.StopText is not null && Tokenizer is null) throw CudaSearchException.BadInput("a stop text needs a tokenizer, and this model has none");
        if (sequence.Length >= ContextLength)
            return Task.FromResult(new GenerationResult("", StopReason.Length, 0));
        var request = new GenerationRequest(sequence, options, Tokenizer, _endTokens, ContextLength, cancellation);
        return Submit(request);
    }

    /// <summary>The reward head's P(positive) at these positions of the sequence.</summary>
    /// <param name="sequence">All its tokens are computed by this call; those before the first position only if they were not yet.</param>
    /// <param name="positions">Ascending; each below the sequence's length.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public Task<float[]> RewardAsync(Sequence sequence, IReadOnlyList<int> positions, CancellationToken cancellation = default)
    {
        if (!_model.HasReward) throw new InvalidOperationException("this engine's model has no reward head");
        if (positions.Count == 0) return Task.FromResult(Array.Empty<float>());
        for (int i = 0; i < positions.Count; i++)
        {
            if (positions[i] < (i == 0 ? 0 : positions[i - 1] + 1) || positions[i] >= sequence.Length)
                throw new ArgumentException($"position {positions[i]} is not ascending, or not within the sequence's {sequence.Length} tokens", nameof(positions));
        }
        return Submit(new RewardRequest(sequence, [.. positions], cancellation));
    }

    /// <summary>All logits of the last position. [vocabulary]</summary>
    public Task<float[]> LogitsAsync(Sequence sequence, CancellationToken cancellation = default) =>
        Submit(new LogitsRequest(sequence, cancellation));

    /// <summary>Throws unless every page is accounted for; for tests.</summary>
    public void CheckIntegrity()
    {
        lock (_gate) _scheduler.CheckIntegrity();
    }

    /// <summary>Forgets cached prefixes that no sequence uses.</summary>
    public void ClearCache()
    {
        lock (_gate) _scheduler.ClearCache();
    }

    /// <summary>Waits for the pass that is running, if any, and cancels what is waiting. Sequences of the engine are unusable afterwards.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed) return;
            _disposed = true;
            // The pass uses the model, which may be disposed next; and those it computes for must hear of the end as well.
            while (_inPass) Monitor.Wait(_gate);
            _scheduler.CancelAll();
        }
        _loop.Remove(this);
        _loop.Wake();
    }

    /// <summary>Writes down what happens to sequences and pages from now on.</summary>
    /// <param name="sink">Where to.</param>
    /// <param name="head">What the trace says about this engine; the engine fills in what it knows.</param>
    /// <exception cref="InvalidOperationException">There was a sequence before: a trace has to know them all.</exception>
    public void StartTrace(ITraceSink sink, TraceEvent head)
    {
        lock (_gate)
        {
            _scheduler.Trace = new EngineTrace(sink, Pool, _scheduler);
            _scheduler.Trace.Begin(head with
            {
                MaxRows = _model.MaxRows,
                MaxOutputRows = _model.MaxOutputRows,
                MaxSpanRows = _model.PlanLimits.MaxSpanRows,
                MaxPartials = _model.PlanLimits.MaxPartials,
                StateKeys = _model.PlanLimits.StateKeys,
                MinItems = _model.PlanLimits.MinItems,
                SharedAttention = _options.ShareAttention,
            });
        }
    }

    /// <summary>Whether a pass was launched and not committed. For the device loop.</summary>
    internal bool IsUnderWay => _inPass;

    /// <summary>
    /// Commits the pass under way once it has ended, and launches the next. The device waits for no more than that: callers are told of their results when
    /// it has work again. Only the device loop calls it.
    /// </summary>
    /// <param name="launch">False at the end of the loop: nothing new begins.</param>
    /// <returns>False when there was nothing to do but wait.</returns>
    internal bool Advance(bool launch)
    {
        if (_inPass && !_model.IsDone) return false;
        Meter?.BeginTurn();
        bool worked = _inPass;
        if (_inPass) Finish();
        if (launch) worked |= TryLaunch();
        if (!worked) return false;
        Deliver();
        // Where passes compute while they are launched, this one is done.
        if (_inPass && _model.IsDone)
        {
            Finish();
            Deliver();
        }
        return true;
    }

    private bool TryLaunch()
    {
        if (!_isAsked) return false;
        lock (_gate)
        {
            _isAsked = !_disposed && _scheduler.Plan(_batch);
            if (!_isAsked) return false;
            _inPass = true;
        }
        try
        {
            _batch.Complete(_model.PlanLimits, _options.ShareAttention);
            Meter?.Planned();
            _model.Launch(_batch);
            Meter?.Launched(_batch);
        }
        catch (Exception exception)
        {
            // Whatever it is, it belongs to those who wait: this thread must live on for the other engine.
            Commit(exception);
        }
        return true;
    }

    private void Finish()
    {
        Exception? failure = null;
        try
        {
            _model.Finish(_batch);
        }
        catch (Exception exception)
        {
            failure = exception;
        }
        Commit(failure);
        Meter?.Committed();
    }

    private void Deliver()
    {
        _scheduler.Deliver();
        Meter?.Delivered();
    }

    private void Commit(Exception? failure)
    {
        lock (_gate)
        {
            _scheduler.Commit(new PassResults(_batch, _model), failure);
            _inPass = false;
            Monitor.PulseAll(_gate);
        }
    }

    internal Sequence Fork(Sequence sequence, RandomStream stream)
    {
        lock (_gate)
        {
            CheckIdle(sequence);
            ObjectDisposedException.ThrowIf(_disposed, this);
            Sequence fork = _scheduler.Fork(sequence, stream);
            if (fork.Trunk is not null) Wake();
            return fork;
        }
    }

    internal void Append(Sequence sequence, ReadOnlySpan<int> tokens)
    {
        foreach (int token in tokens) CheckToken(token);
        CheckLength(sequence.Length + tokens.Length);
        lock (_gate)
        {
            CheckIdle(sequence);
            if (!tokens.IsEmpty) _scheduler.Append(sequence, tokens);
        }
    }

    internal void Truncate(Sequence sequence, int length)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, sequence.Length);
        lock (_gate)
        {
            CheckIdle(sequence);
            _scheduler.Truncate(sequence, length);
        }
    }

    internal void SetOwners(Sequence sequence, int owners)
    {
        lock (_gate) _scheduler.SetOwners(sequence, owners);
    }

    internal void Release(Sequence sequence)
    {
        lock (_gate)
        {
            if (!sequence.Disposed) _scheduler.Dispose(sequence);
        }
    }

    private Task<T> Submit<T>(Request<T> request)
    {
        Sequence sequence = request.Sequence;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            CheckIdle(sequence);
            int need = Pool.PagesToHold(sequence.Length);
            if (need > Pool.PageCount)
                throw new CudaSearchException(
                    Failure.OutOfMemory, $"a sequence of {sequence.Length} tokens needs {need} pages of KV cache and there are {Pool.PageCount}; raise --memory");
            _scheduler.Submit(request);
            Wake();
        }
        return request.Task;
    }

    /// <summary>Tells the loop that something waits. With the lock held: a plan that finds nothing must not overlook it.</summary>
    private void Wake()
    {
        _isAsked = true;
        _loop.Wake();
    }

    private static void CheckIdle(Sequence sequence)
    {
        ObjectDisposedException.ThrowIf(sequence.Disposed, sequence);
        if (sequence.Request is not null) throw new InvalidOperationException("the sequence has a request in progress");
    }

    private void CheckToken(int token)
    {
        if (token < 0 || token >= _model.Config.VocabSize)
            throw CudaSearchException.BadInput($"token id {token} is outside of the model's vocabulary of {_model.Config.VocabSize}");
    }

    private void CheckLength(int length)
    {
        if (length > ContextLength)
            throw CudaSearchException.BadInput($"the text has {length} tokens; the model's context holds {ContextLength}");
    }
}
