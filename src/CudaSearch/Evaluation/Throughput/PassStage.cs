using CudaSearch.Backends;
using CudaSearch.Cache;
using CudaSearch.Checkpoints;
using CudaSearch.Model;

namespace CudaSearch.Evaluation.Throughput;

/// <summary>A model with a cache, and batches of the kinds of passes that are to be measured, over keys and values that the model computed.</summary>
public sealed class PassStage : IDisposable
{
    private const int LeastRows = 512;

    private readonly IBackend _backend;
    private readonly PagePool _pool;
    private readonly double _weightSize, _headSize;

    /// <summary>Loads the model and makes a cache for the largest of the cases.</summary>
    /// <param name="backend">Where to run.</param>
    /// <param name="checkpoint">The model.</param>
    /// <param name="precision">What it is kept in.</param>
    /// <param name="cases">All passes that will be set.</param>
    public PassStage(IBackend backend, Checkpoint checkpoint, ModelPrecision precision, IReadOnlyCollection<PassCase> cases)
    {
        _backend = backend;
        (_weightSize, _headSize) = WeightSizes(checkpoint, precision.Weights);
        int rows = Math.Max(LeastRows, cases.Max(c => c.Sequences == 0 ? c.Prefix : c.Sequences));
        int pages = cases.Max(c => PagePool.PagesFor(c.Prefix) + c.Sequences * (PagePool.PagesFor(c.Own + 1) + 1));
        Model = Transformer.WithCache(backend, checkpoint, pages, rows, Math.Max(1, cases.Max(c => c.Sequences)), reward: null, precision);
        _pool = new PagePool(pages);
    }

    /// <summary>The model.</summary>
    public Transformer Model { get; }

    /// <summary>Bytes of a weight as it is read: of the layers' and of the output matrix, which is not kept in e4m3.</summary>
    internal static (double Layers, double Head) WeightSizes(Checkpoint checkpoint, WeightPrecision precision)
    {
        ModelConfig config = checkpoint.Config;
        TensorView weight = checkpoint.Get("model.layers.0.mlp.down_proj.weight", config.HiddenSize, config.IntermediateSize);
        double stored = weight.Type.Size(), int8 = 1 + sizeof(float) / 128.0; // a float32 scale for every 128
        return precision switch
        {
            WeightPrecision.Int8 => (int8, int8),
            WeightPrecision.Fp8 => (1 + (double)sizeof(float) / config.HiddenSize, stored), // a scale for each row
            _ => (stored, stored),
        };
    }

    /// <summary>Makes the batch of one kind of pass, and computes what it looks back on. One at a time.</summary>
    public StagedPass Set(PassCase kind)
    {
        var staged = new StagedPass(kind);
        if (kind.Sequences == 0) AddPrefill(staged);
        else AddDecodes(staged);
        StepBatch batch = staged.Batch;
        batch.Complete(_backend.PlanLimits, kind.Share);
        staged.Cost = PassCost.Of(
            Model.Config, batch.RowCount, batch.OutputRows.Length, batch.PageVisits, batch.AttendedKeys, _weightSize, _headSize, Model.PageBytes);
        return staged;
    }

    /// <inheritdoc/>
    public void Dispose() => Model.Dispose();

    private void AddPrefill(StagedPass staged)
    {
        var (kind, batch) = (staged.Case, staged.Batch);
        PageTable table = staged.Keep(new PageTable(_pool));
        Reserve(table, kind.Prefix);
        batch.AddSample(batch.AddSequence(Ids(kind.Prefix), 0, table) + kind.Prefix - 1, Sampling(0));
    }

    private void AddDecodes(StagedPass staged)
    {
        var (kind, batch) = (staged.Case, staged.Batch);
        PageTable prefix = staged.Keep(new PageTable(_pool));
        Compute(prefix, kind.Prefix);
        int length = kind.Prefix + kind.Own;
        for (int i = 0; i < kind.Sequences; i++)
        {
            PageTable table = staged.Keep(prefix.Fork());
            Compute(table, kind.Own);
            if (Reserve(table, 1) is { } copy) batch.AddCopy(copy);
            batch.AddSample(batch.AddSequence([i % Model.Config.VocabSize], length, table), Sampling(i));
        }
    }

    /// <summary>Appends tokens and computes their keys and values.</summary>
    private void Compute(PageTable table, int tokens)
    {
        var batch = new StepBatch();
        for (int done = 0; done < tokens; done += Model.MaxRows)
        {
            int count = Math.Min(Model.MaxRows, tokens - done), first = table.Length;
            batch.Clear();
            if (Reserve(table, count) is { } copy) batch.AddCopy(copy);
            batch.AddSequence(Ids(count), first, table);
            batch.Complete(_backend.PlanLimits, share: true);
            Model.Forward(batch);
        }
    }

    private static PageCopy? Reserve(PageTable table, int tokens) =>
        table.TryAppend(tokens, out PageCopy? copy) ? copy : throw new InvalidOperationException("the cache is smaller than planned");

    private int[] Ids(int count) => [.. Enumerable.Range(0, count).Select(i => i % Model.Config.VocabSize)];

    private static SamplingParameters Sampling(int row) => new(Temperature: 0.8f, TopP: 1f, TopK: 0, MinP: 0f, Uniform: 0.5f, Key: (ulong)row);
}
