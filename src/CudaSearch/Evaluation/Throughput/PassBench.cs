using System.Diagnostics;
using CudaSearch.Backends;
using CudaSearch.Cache;
using CudaSearch.Checkpoints;
using CudaSearch.Model;

namespace CudaSearch.Evaluation.Throughput;

/// <summary>One kind of pass to measure.</summary>
/// <param name="Sequences">Sequences that decode a token each; 0 measures the prefill of one prompt.</param>
/// <param name="Prefix">Tokens that all sequences share, or the prompt's length.</param>
/// <param name="Own">Tokens of its own that each sequence has already.</param>
/// <param name="Share">Whether attention reads shared pages once.</param>
public readonly record struct PassCase(int Sequences, int Prefix, int Own, bool Share);

/// <summary>How long passes of one kind took.</summary>
/// <param name="Case">What was measured.</param>
/// <param name="Tokens">Tokens a pass computes.</param>
/// <param name="MedianSeconds">Of a pass.</param>
/// <param name="BestSeconds">The fastest.</param>
/// <param name="Cost">What the pass must read and compute.</param>
/// <param name="Ceilings">The better of two measurements, just before and just after; null where the device has none.</param>
public sealed record PassTiming(PassCase Case, int Tokens, double MedianSeconds, double BestSeconds, PassCost Cost, Ceilings? Ceilings)
{
    /// <summary>Tokens a second.</summary>
    public double TokensPerSecond => Tokens / MedianSeconds;

    /// <summary>Bytes a second.</summary>
    public double BytesPerSecond => Cost.Bytes / MedianSeconds;

    /// <summary>Operations a second, two a multiply-add.</summary>
    public double OperationsPerSecond => Cost.Flops / MedianSeconds;
}

/// <summary>Times whole passes of a model: sampled decode steps of many sequences over a shared prefix, or a prefill.</summary>
public sealed class PassBench : IDisposable
{
    private const int LeastRows = 512;

    private readonly IBackend _backend;
    private readonly Transformer _model;
    private readonly PagePool _pool;
    private readonly double _weightSize;
    private Ceilings? _before;

    /// <summary>Loads the model and makes a cache for the largest of the cases.</summary>
    /// <param name="backend">Where to run.</param>
    /// <param name="checkpoint">The model.</param>
    /// <param name="precision">What the backend keeps matrices in.</param>
    /// <param name="cases">All passes that will be run.</param>
    public PassBench(IBackend backend, Checkpoint checkpoint, WeightPrecision precision, IReadOnlyCollection<PassCase> cases)
    {
        _backend = backend;
        ModelConfig config = checkpoint.Config;
        TensorView weight = checkpoint.Get("model.layers.0.mlp.down_proj.weight", config.HiddenSize, config.IntermediateSize);
        // int8 weights have a float32 scale for every 128.
        _weightSize = precision == WeightPrecision.Int8 ? 1 + 4 / 128.0 : weight.Type.Size();
        int rows = Math.Max(LeastRows, cases.Max(c => c.Sequences == 0 ? c.Prefix : c.Sequences));
        int pages = cases.Max(c => PagePool.PagesFor(c.Prefix) + c.Sequences * (PagePool.PagesFor(c.Own + 1) + 1));
        _model = Transformer.WithCache(backend, checkpoint, pages, rows, Math.Max(1, cases.Max(c => c.Sequences)));
        _pool = new PagePool(pages);
    }

    /// <summary>Runs passes of one kind, over keys and values that the model computed.</summary>
    /// <param name="kind">The kind.</param>
    /// <param name="passes">Passes to time, after two that are not.</param>
    public PassTiming Run(PassCase kind, int passes)
    {
        using var tables = new Tables();
        var batch = new StepBatch();
        long keys = kind.Sequences == 0 ? AddPrefill(batch, kind, tables) : AddDecodes(batch, kind, tables);
        batch.Complete(_backend.PlanLimits, kind.Share);
        long visits = batch.Plan.DistinctPages + batch.UnplannedSpans.ToArray().Sum(span => (long)PagePool.PagesFor(span.FirstPosition + span.RowCount));
        double[] seconds = new double[passes];
        Ceilings? before = _before ?? _backend.ProbeCeilings();
        for (int pass = -2; pass < passes; pass++)
        {
            long start = Stopwatch.GetTimestamp();
            _model.Forward(batch);
            if (pass >= 0) seconds[pass] = Stopwatch.GetElapsedTime(start).TotalSeconds;
        }
        Array.Sort(seconds);
        _before = _backend.ProbeCeilings();
        PassCost cost = PassCost.Of(
            _model.Config, batch.RowCount, batch.OutputRows.Length, visits, keys, _weightSize, _backend.PageBytes(Transformer.CacheShape(_model.Config, pages: 1)));
        return new PassTiming(kind, batch.RowCount, seconds[passes / 2], seconds[0], cost, Better(before, _before));
    }

    /// <inheritdoc/>
    public void Dispose() => _model.Dispose();

    private static Ceilings? Better(Ceilings? a, Ceilings? b) => a is { } x && b is { } y
        ? x with { BytesPerSecond = Math.Max(x.BytesPerSecond, y.BytesPerSecond), OperationsPerSecond = Math.Max(x.OperationsPerSecond, y.OperationsPerSecond) }
        : null;

    private long AddPrefill(StepBatch batch, PassCase kind, Tables tables)
    {
        PageTable table = tables.Add(new PageTable(_pool));
        Reserve(table, kind.Prefix);
        batch.AddSample(batch.AddSequence(Ids(kind.Prefix), 0, table) + kind.Prefix - 1, Sampling(0));
        return (long)kind.Prefix * (kind.Prefix + 1) / 2;
    }

    private long AddDecodes(StepBatch batch, PassCase kind, Tables tables)
    {
        PageTable prefix = tables.Add(new PageTable(_pool));
        Compute(prefix, kind.Prefix);
        int length = kind.Prefix + kind.Own;
        for (int i = 0; i < kind.Sequences; i++)
        {
            PageTable table = tables.Add(prefix.Fork());
            Compute(table, kind.Own);
            if (Reserve(table, 1) is { } copy) batch.AddCopy(copy);
            batch.AddSample(batch.AddSequence([i % _model.Config.VocabSize], length, table), Sampling(i));
        }
        return (long)kind.Sequences * (length + 1);
    }

    /// <summary>Appends tokens and computes their keys and values.</summary>
    private void Compute(PageTable table, int tokens)
    {
        var batch = new StepBatch();
        for (int done = 0; done < tokens; done += _model.MaxRows)
        {
            int count = Math.Min(_model.MaxRows, tokens - done), first = table.Length;
            batch.Clear();
            if (Reserve(table, count) is { } copy) batch.AddCopy(copy);
            batch.AddSequence(Ids(count), first, table);
            batch.Complete(_backend.PlanLimits, share: true);
            _model.Forward(batch);
        }
    }

    private static PageCopy? Reserve(PageTable table, int tokens) =>
        table.TryAppend(tokens, out PageCopy? copy) ? copy : throw new InvalidOperationException("the cache is smaller than planned");

    private int[] Ids(int count) => [.. Enumerable.Range(0, count).Select(i => i % _model.Config.VocabSize)];

    private static SamplingParameters Sampling(int row) => new(Temperature: 0.8f, TopP: 1f, TopK: 0, MinP: 0f, Uniform: 0.5f, Key: (ulong)row);

    private sealed class Tables : IDisposable
    {
        private readonly List<PageTable> _tables = [];

        public PageTable Add(PageTable table)
        {
            _tables.Add(table);
            return table;
        }

        public void Dispose()
        {
            foreach (PageTable table in _tables) table.Dispose();
        }
    }
}
