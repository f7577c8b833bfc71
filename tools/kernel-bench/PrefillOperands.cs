using CudaSearch.Backends;
using CudaSearch.Backends.Cuda;
using CudaSearch.Cache;
using CudaSearch.Cuda;

namespace KernelBench;

/// <summary>The last rows of a sequence and one layer of the pages that hold it, with random numbers; pages lie in no order.</summary>
internal sealed class PrefillOperands : IDisposable
{
    private readonly CudaStream _stream;
    private readonly PageTable _table;
    private readonly CudaDeviceVariable<ushort> _queries, _cache, _output;

    /// <param name="stream">Where attention is queued.</param>
    /// <param name="shape">Heads of 64 or 128 elements.</param>
    /// <param name="rows">Rows that attend.</param>
    /// <param name="context">Keys before the first of them.</param>
    public PrefillOperands(CudaStream stream, AttentionShape shape, int rows, int context)
    {
        (_stream, Shape, Rows, Context) = (stream, shape, rows, context);
        Pages = PagePool.PagesFor(context + rows);
        _table = new PageTable(Shuffled(Pages));
        _table.TryAppend(context + rows, out _);
        _queries = Operands.Fill((long)rows * QueryElements);
        _cache = Operands.Fill((long)Pages * shape.KvHeads * HeadElements);
        _output = new CudaDeviceVariable<ushort>((long)rows * QueryElements);
    }

    public AttentionShape Shape { get; }

    public int Rows { get; }

    public int Context { get; }

    public int Pages { get; }

    /// <summary>Elements of a row of queries, and of the output.</summary>
    public int QueryElements => Shape.Heads * Shape.HeadDim;

    private int HeadElements => 2 * PagePool.PageSize * Shape.HeadDim;

    /// <summary>A batch of the rows from one on; it lies in the tiles in another way than the whole.</summary>
    public StepBatch Batch(int first)
    {
        var batch = new StepBatch();
        batch.AddSequence(new int[Rows - first], Context + first, _table);
        batch.Complete(new PlanLimits(MaxSpanRows: 0, long.MaxValue, StateKeys: 0, MinItems: 0), share: true);
        return batch;
    }

    /// <summary>Attention of the rows from one on.</summary>
    public PrefillRun Prepare(AttendPrefillKernel kernel, int first)
    {
        StepBatch batch = Batch(first);
        int[] words = new int[PassBlock.WordsFor(batch, Shape)];
        PassBlock.Write(batch, Shape, words);
        var block = new CudaDeviceVariable<int>(words.Length);
        block.CopyFrom(words);
        int tiles = PassBlock.TilesOf(batch, Shape);
        long skipped = (long)first * QueryElements * sizeof(ushort);
        return new PrefillRun(
            on => kernel.Launch(
                on, tiles, block.Pointer, _queries.Pointer.Offset(skipped), _cache.Pointer, Pages, _output.Pointer.Offset(skipped), Shape.Heads, Shape.KvHeads,
                AttentionHead.ScaleLog2(Shape.HeadDim)),
            block);
    }

    /// <summary>Makes an output that is left out show as NaN.</summary>
    public void PoisonOutput() => _output.Fill(0xFF, _stream);

    /// <summary>The output, after all queued work.</summary>
    public ushort[] Output()
    {
        var output = new ushort[Rows * QueryElements];
        _stream.Synchronize();
        _output.CopyTo(output);
        return output;
    }

    /// <summary>The output of one row and head in double precision, and the mean magnitude of the values in it.</summary>
    public (double Value, double Magnitude)[] Exact(int row, int head)
    {
        int dim = Shape.HeadDim, kvHead = head / (Shape.Heads / Shape.KvHeads), keys = Context + row + 1;
        var scores = new double[keys];
        for (int key = 0; key < keys; key++)
        {
            for (int d = 0; d < dim; d++)
                scores[key] += (double)Operands.Element(((long)row * QueryElements) + (head * dim) + d) * Operands.Element(KeyAt(key, kvHead) + d);
            scores[key] /= Math.Sqrt(dim);
        }
        double max = scores.Max(), sum = scores.Sum(score => Math.Exp(score - max));
        var output = new (double Value, double Magnitude)[dim];
        for (int key = 0; key < keys; key++)
        {
            double weight = Math.Exp(scores[key] - max) / sum;
            for (int d = 0; d < dim; d++)
            {
                double value = weight * Operands.Element(KeyAt(key, kvHead) + (PagePool.PageSize * dim) + d);
                output[d] = (output[d].Value + value, output[d].Magnitude + Math.Abs(value));
            }
        }
        return output;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _queries.Dispose();
        _cache.Dispose();
        _output.Dispose();
    }

    private long KeyAt(int key, int kvHead)
    {
        (int page, int offset) = int.DivRem(_table.SlotOf(key), PagePool.PageSize);
        return (((long)page * Shape.KvHeads) + kvHead) * HeadElements + ((long)offset * Shape.HeadDim);
    }

    // A pool that gives its pages out in a random order.
    private static PagePool Shuffled(int pages)
    {
        var pool = new PagePool(pages);
        int[] order = [.. Enumerable.Range(0, pages)];
        foreach (int _ in order) pool.TryAllocate(out int _);
        new Random(5).Shuffle(order);
        foreach (int page in order) pool.Release(page);
        return pool;
    }
}

/// <summary>Attention that can be queued again and again.</summary>
/// <param name="launch">Queues it.</param>
/// <param name="owned">What was made for it.</param>
internal sealed class PrefillRun(Action<CudaStream> launch, IDisposable owned) : IDisposable
{
    /// <summary>Queues it; nothing is allocated.</summary>
    public void Launch(CudaStream stream) => launch(stream);

    /// <inheritdoc/>
    public void Dispose() => owned.Dispose();
}
