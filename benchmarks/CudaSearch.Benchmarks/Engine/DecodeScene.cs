using CudaSearch.Backends;
using CudaSearch.Backends.Cuda;
using CudaSearch.Cache;
using CudaSearch.Engine;
using CudaSearch.Tokenization;

namespace CudaSearch.Benchmarks.Engine;

/// <summary>
/// Sequences that decode behind a shared prompt, a token each a pass, with everything that the host does around a pass and no device: tokens come from a table.
/// After a step of fifty tokens a sequence is cut back to where it began.
/// </summary>
internal sealed class DecodeScene
{
    private const int Prompt = 512, StepTokens = 50, Context = 8192;

    // What CudaBackend wants of plans on a device of 132 multiprocessors, and the attention of Llama-3.2-1B.
    private static readonly PlanLimits s_limits = new(MaxSpanRows: 15, MaxPartials: 16384, StateKeys: 8, MinItems: 33);
    private static readonly AttentionShape s_attention = new(Heads: 32, KvHeads: 8, HeadDim: 64);

    private readonly Scheduler _scheduler;
    private readonly StepBatch _batch = new();
    private readonly Tokenizer _tokenizer;
    private readonly GenerationOptions _options = new() { MaxTokens = StepTokens, StopText = "\n\n" };
    private readonly List<(Sequence Sequence, int Begin)> _beams = [];
    private readonly int[] _tokens;
    private readonly int[] _block = new int[1 << 20];
    private readonly CudaBackend? _backend;
    private readonly EmptyPass _empty = new();
    private int _passes;

    /// <param name="sequences">How many.</param>
    /// <param name="own">Tokens of its own that each has at first.</param>
    /// <param name="tokenizer">Decodes.</param>
    /// <param name="backend">Is given each pass, with no kernel in it; null for none.</param>
    public DecodeScene(int sequences, int own, Tokenizer tokenizer, CudaBackend? backend = null)
    {
        _backend = backend;
        _tokenizer = tokenizer;
        // Whatever has no line break in it: no step ends early.
        _tokens = [.. Enumerable.Range(0, tokenizer.VocabularySize).Where(id => !tokenizer.Decode([id]).Contains('\n', StringComparison.Ordinal))];
        var pool = new PagePool(PagePool.PagesFor(Prompt) + sequences * (PagePool.PagesFor(own + StepTokens) + 2));
        _scheduler = new Scheduler(pool, new PassCapacity(Rows: 1024, OutputRows: 1024));
        var usage = new Usage();
        Sequence root = _scheduler.Create(null!, [.. Enumerable.Range(0, Prompt).Select(Token)], default, usage);
        _scheduler.Submit(new PrefillRequest(root));
        Pass();
        for (int i = 0; i < sequences; i++)
        {
            Sequence beam = _scheduler.Fork(root, new RandomStream(1, 2, i));
            _scheduler.Append(beam, [.. Enumerable.Range(0, own).Select(t => Token(7 * t + i))]);
            _beams.Add((beam, beam.Length));
        }
        while (_beams.Any(beam => beam.Sequence.Length > beam.Sequence.Table.Length + 1)) Step();
    }

    /// <summary>Where the time of the passes went.</summary>
    public PartTimes Times { get; } = new("batch", "attention", "block", "launch", "finish", "results", "deliver");

    /// <summary>A pass, and new steps for those that ended theirs.</summary>
    public void Step()
    {
        foreach ((Sequence beam, int begin) in _beams)
        {
            if (beam.Request is not null) continue;
            if (beam.Length > begin) _scheduler.Truncate(beam, begin);
            _scheduler.Submit(new GenerationRequest(beam, _options, _tokenizer, [], Context, CancellationToken.None));
        }
        Pass();
    }

    private int Token(int i) => _tokens[i % _tokens.Length];

    private void Pass()
    {
        Times.Begin();
        _scheduler.Plan(_batch);
        Times.End(0);
        _batch.Complete(s_limits, share: true);
        Times.End(1);
        PassBlock.WordsFor(_batch, s_attention);
        PassKind.Of(_batch, s_attention);
        PassBlock.Write(_batch, s_attention, _block);
        Times.End(2);
        // Writes the block once more.
        _backend?.Launch(_empty, _batch);
        Times.End(3);
        _backend?.Finish(_empty, _batch);
        Times.End(4);
        _passes++;
        for (int i = 0; i < _batch.SampledTokens.Length; i++) _batch.SampledTokens[i] = Token(31 * _passes + i);
        Times.Begin();
        _scheduler.Commit(new PassResults(_batch, model: null), failure: null);
        Times.End(5);
        _scheduler.Deliver();
        Times.End(6);
    }

    private sealed class EmptyPass : IPass
    {
        public AttentionShape Attention => s_attention;

        public long WeightBytes => 0;

        public void Issue(StepBatch batch)
        {
        }
    }
}
