using System.Text;
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
    Sequence sequence, GenerationOptions options, Tokenizer? tokenizer, IReadOnlyList<int> endTokens, int contextLength, CancellationToken cancellation)
    : Request<GenerationResult>(sequence, cancellation)
{
    private readonly StringBuilder _text = new();
    private readonly StreamingDecoder? _decoder = tokenizer is null ? null : new StreamingDecoder(tokenizer, continuation: true);
    private StopReason _reason;

    // Where the newest token begins, or the first of several that make up one character: tokens and characters before it.
    private int _wholeTokens;
    private int _wholeText;
    private int _generated;
    private double _logProbability;
    private int _sample = -1;

    public override RequestKind Kind => RequestKind.Generate;

    public override bool Draws => _sample >= 0;

    protected override GenerationResult Result => new(_text.ToString(), _reason, _generated, _logProbability);

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
        if (endTokens.Contains(token))
        {
            _reason = token == endTokens[0] ? StopReason.EndOfSequence : StopReason.OtherEnd;
            _text.Append(_decoder?.Flush());
            return true;
        }
        if (_decoder is { HasPartialCharacter: false }) (_wholeTokens, _wholeText) = (Sequence.Length, _text.Length);
        Sequence.AddDrawn(token);
        if (_decoder is not null)
        {
            int searchFrom = _text.Length - (options.StopText?.Length ?? 0) + 1;
            // Checkpoints pad their vocabulary beyond the tokenizer's: such a token has no text.
            if (token < tokenizer!.VocabularySize) _decoder.AppendTo(_text, token);
            if (options.StopText is { } stop && CutAfter(stop, Math.Max(0, searchFrom)))
            {
                _reason = StopReason.StopText;
                return true;
            }
        }
        if (_generated < options.MaxTokens && Sequence.Length < contextLength) return false;
        _reason = StopReason.Length;
        _text.Append(_decoder?.Flush());
        return true;
    }

    /// <summary>
    /// Cuts the text after the first occurrence of the stop text. Ids are kept; only where the cut falls inside a token is the end re-encoded, from the
    /// last token that began on a whole character.
    /// </summary>
    private bool CutAfter(string stop, int from)
    {
        const int Usual = 256;
        int length = _text.Length - from;
        Span<char> tail = length <= Usual ? stackalloc char[Usual] : new char[length];
        tail = tail[..length];
        _text.CopyTo(from, tail, length);
        int at = tail.IndexOf(stop);
        if (at < 0) return false;
        int surplus = tail.Length - at - stop.Length;
        if (surplus == 0 && !_decoder!.HasPartialCharacter) return true;
        _text.Length -= surplus;
        List<int> tokens = Sequence.MutableTokens;
        tokens.RemoveRange(_wholeTokens, tokens.Count - _wholeTokens);
        tokens.AddRange(tokenizer!.Encode(_text.ToString(_wholeText, _text.Length - _wholeText)));
        if (Sequence.Table.Length > _wholeTokens) Sequence.Table.Truncate(_wholeTokens);
        return true;
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
