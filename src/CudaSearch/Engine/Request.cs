using CudaSearch.Backends;
using CudaSearch.Tokenization;

namespace CudaSearch.Engine;

/// <summary>What a request asks for.</summary>
internal enum RequestKind
{
    /// <summary>That tokens are computed.</summary>
    Prefill,

    /// <summary>Tokens, until a stop rule holds.</summary>
    Generate,

    /// <summary>Rewards at positions.</summary>
    Reward,

    /// <summary>Logits of the last position.</summary>
    Logits,
}

/// <summary>Something a sequence waits for. Lives from the call until its task completes.</summary>
internal abstract class Request(Sequence sequence, CancellationToken cancellation)
{
    private Request? _nextTwin;

    public Sequence Sequence { get; } = sequence;

    public CancellationToken Cancellation { get; } = cancellation;

    /// <summary>Set by the scheduler while a pass computes rows for this request.</summary>
    public bool InPass { get; set; }

    /// <summary>The older request whose row this one draws from in the pass that is planned or running; see <see cref="TwinRequests"/>.</summary>
    public Request? Leader { get; private set; }

    /// <summary>Requests that draw from this one's row.</summary>
    public int TwinCount { get; private set; }

    /// <summary>The first position whose row must be computed for this request; cached ones before it will do.</summary>
    public virtual int FirstNeeded => Sequence.Length - 1;

    /// <summary>Asks the batch for what the rows of this pass must yield. Rows are the sequence's tokens from <paramref name="firstPosition"/> on.</summary>
    public abstract void AddOutputs(StepBatch batch, int firstRow, int firstPosition, int rows);

    /// <summary>Most output rows that so many of the sequence's pending tokens can ask for.</summary>
    public abstract int OutputRows(int firstPosition, int rows);

    /// <summary>What is asked for.</summary>
    public abstract RequestKind Kind { get; }

    /// <summary>Positions whose reward is asked for; null when none is.</summary>
    public virtual int[]? Positions => null;

    /// <summary>Whether the pass that is planned draws a token for it.</summary>
    public virtual bool Draws => false;

    /// <summary>Takes the results of a pass; true when the request is done.</summary>
    public abstract bool TakeResults(PassResults results);

    /// <summary>Lets another request draw from this one's row.</summary>
    public void AddTwin(Request twin)
    {
        (twin._nextTwin, _nextTwin) = (_nextTwin, twin);
        twin.Leader = this;
        TwinCount++;
    }

    /// <summary>Detaches a twin; null when there is none.</summary>
    public Request? TakeTwin()
    {
        if (_nextTwin is not { } twin) return null;
        (_nextTwin, twin._nextTwin) = (twin._nextTwin, null);
        twin.Leader = null;
        TwinCount--;
        return twin;
    }

    /// <summary>The twin behind this request in its leader's list; on the leader itself, the first.</summary>
    public Request? NextTwin => _nextTwin;

    /// <summary>Completes the caller's task with the result.</summary>
    public abstract void Complete();

    public abstract void Fail(Exception exception);

    public abstract void Cancel();
}

/// <summary>What a request reads after a pass.</summary>
/// <param name="batch">The pass.</param>
/// <param name="model">What computed it; null in a replay, which computes nothing.</param>
internal readonly ref struct PassResults(StepBatch batch, Model.Transformer? model)
{
    public StepBatch Batch { get; } = batch;

    public Model.Transformer Model => model!;
}

/// <summary>A request with a result.</summary>
internal abstract class Request<T>(Sequence sequence, CancellationToken cancellation) : Request(sequence, cancellation)
{
    // Continuations must not run on the device's thread.
    private readonly TaskCompletionSource<T> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<T> Task => _completion.Task;

    protected abstract T Result { get; }

    public override void Complete() => _completion.TrySetResult(Result);

    public override void Fail(Exception exception) => _completion.TrySetException(exception);

    public override void Cancel()
    {
        if (Cancellation.IsCancellationRequested) _completion.TrySetCanceled(Cancellation);
        else _completion.TrySetCanceled();
    }
}

/// <summary>Brings all tokens but the last into the cache: what forks of a new sequence wait for.</summary>
internal sealed class PrefillRequest(Sequence sequence) : Request<bool>(sequence, CancellationToken.None)
{
    public override RequestKind Kind => RequestKind.Prefill;

    protected override bool Result => true;

    public override void AddOutputs(StepBatch batch, int firstRow, int firstPosition, int rows)
    {
    }

    public override int OutputRows(int firstPosition, int rows) => 0;

    public override bool TakeResults(PassResults results) => Sequence.Table.Length == Sequence.Length;
}

/// <summary>Draws tokens until a stop rule holds.</summary>
internal sealed class GenerationRequest(
    Sequence sequence, GenerationOptions options, Tokenizer? tokenizer, int[] endTokens, int contextLength, CancellationToken cancellation)
    : Request<GenerationResult>(sequence, cancellation)
{
    private readonly TextUntilStop _text = new(sequence, tokenizer, options.StopText);
    private StopReason _reason;
    private int _generated;
    private double _logProbability;
    private int _sample = -1;

    public override RequestKind Kind => RequestKind.Generate;

    public override bool Draws => _sample >= 0;

    protected override GenerationResult Result => new(_text.End(), _reason, _generated, _logProbability);

    public override int OutputRows(int firstPosition, int rows) => firstPosition + rows == Sequence.Length ? 1 : 0;

    public override void AddOutputs(StepBatch batch, int firstRow, int firstPosition, int rows)
    {
        _sample = -1;
        if (firstPosition + rows < Sequence.Length) return;
        RandomStream stream = Sequence.Stream;
        (float uniform, ulong key) = options.Temperature == 0f
            ? default : Philox.Draw(stream.Seed, stream.Problem, stream.Beam, Sequence.Length);
        _sample = batch.AddSample(
            firstRow + rows - 1,
            new SamplingParameters(options.Temperature, options.TopP, options.TopK, options.MinP, uniform, key, options.WithLogProbability));
    }

    public override bool TakeResults(PassResults results)
    {
        if (_sample < 0) return false;
        int token = results.Batch.SampledTokens[_sample];
        _generated++;
        if (options.WithLogProbability) _logProbability += results.Batch.LogProbabilities[_sample];
        Sequence.Usage.GeneratedTokens++;
        if (endTokens.AsSpan().Contains(token))
        {
            _reason = token == endTokens[0] ? StopReason.EndOfSequence : StopReason.OtherEnd;
            return true;
        }
        Sequence.AddDrawn(token);
        if (_text.Add(token))
        {
            _reason = StopReason.StopText;
            return true;
        }
        _reason = StopReason.Length;
        return _generated >= options.MaxTokens || Sequence.Length >= contextLength;
    }
}

/// <summary>The model's judgement at given positions.</summary>
internal sealed class RewardRequest(Sequence sequence, int[] positions, CancellationToken cancellation)
    : Request<float[]>(sequence, cancellation)
{
    private readonly float[] _rewards = new float[positions.Length];
    private readonly List<(int Index, int Reward)> _asked = [];

    public override RequestKind Kind => RequestKind.Reward;

    public override int[]? Positions => positions;

    public override int FirstNeeded => positions[0];

    protected override float[] Result => _rewards;

    public override int OutputRows(int firstPosition, int rows)
    {
        int count = 0;
        foreach (int position in positions)
        {
            if (position >= firstPosition && position < firstPosition + rows) count++;
        }
        return count;
    }

    public override void AddOutputs(StepBatch batch, int firstRow, int firstPosition, int rows)
    {
        _asked.Clear();
        for (int i = 0; i < positions.Length; i++)
        {
            int offset = positions[i] - firstPosition;
            if (offset >= 0 && offset < rows) _asked.Add((i, batch.AddReward(firstRow + offset)));
        }
    }

    public override bool TakeResults(PassResults results)
    {
        foreach ((int index, int reward) in _asked) _rewards[index] = results.Batch.Rewards[reward];
        return Sequence.Table.Length == Sequence.Length;
    }
}

/// <summary>All logits of the last position.</summary>
internal sealed class LogitsRequest(Sequence sequence, CancellationToken cancellation) : Request<float[]>(sequence, cancellation)
{
    private float[] _logits = [];
    private int _row = -1;

    public override RequestKind Kind => RequestKind.Logits;

    protected override float[] Result => _logits;

    public override int OutputRows(int firstPosition, int rows) => firstPosition + rows == Sequence.Length ? 1 : 0;

    public override void AddOutputs(StepBatch batch, int firstRow, int firstPosition, int rows) =>
        _row = firstPosition + rows == Sequence.Length ? batch.AddLogits(firstRow + rows - 1) : -1;

    public override bool TakeResults(PassResults results)
    {
        if (_row < 0) return false;
        _logits = new float[results.Model.Config.VocabSize];
        results.Model.ReadLogits(_row, _logits);
        return true;
    }
}
