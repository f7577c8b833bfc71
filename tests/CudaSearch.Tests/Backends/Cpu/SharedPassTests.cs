using CudaSearch.Backends;
using CudaSearch.Backends.Cpu;
using CudaSearch.Cache;
using CudaSearch.Checkpoints;
using CudaSearch.Model;
using CudaSearch.Tests.Model;

namespace CudaSearch.Tests.Backends.Cpu;

/// <summary>Threads that take sequences through a whole pass compute what threads do that work on every operation together.</summary>
public sealed class SharedPassTests
{
    private const int Sequences = 30;
    private const int Prompt = 21;

    public static TheoryData<string> Paths => [.. CpuBackend.Paths];

    [Theory]
    [MemberData(nameof(Paths))]
    public void ThreadsDoNotChangeABit(string path)
    {
        using var folder = new RandomCheckpoint(new RandomModel { HiddenSize = 64, HeadDim = 16, Type = ElementType.BF16 });
        using Checkpoint checkpoint = folder.Open();
        float[] alone = Generate(path, threads: 1, checkpoint);
        Assert.Equal(alone, Generate(path, threads: 2, checkpoint));
        Assert.Equal(alone, Generate(path, threads: 3, checkpoint));
        Assert.DoesNotContain(float.NaN, alone);
    }

    [Theory]
    [InlineData(1, 30, 1 << 20, 1)]
    [InlineData(2, 30, 1 << 20, 2)]
    [InlineData(3, 30, 1 << 20, 3)]
    [InlineData(3, 5, 1 << 20, 1)]  // few rows
    [InlineData(3, 30, 1 << 30, 1)] // weights of another order than caches
    public void SmallModelsAreSharedOut(int threads, int sequences, long weightBytes, int expected)
    {
        using IBackend backend = CpuBackend.Create(threads);
        var pool = new PagePool(sequences);
        var batch = new StepBatch();
        for (int i = 0; i < sequences; i++)
        {
            var table = new PageTable(pool);
            table.TryAppend(1, out _);
            batch.AddSequence([0], 0, table);
        }
        batch.Complete();
        var pass = new CountingPass(weightBytes);
        backend.Run(pass, batch);
        Assert.Equal(expected, pass.Count);
    }

    /// <summary>Also a model without a file tells how large it is.</summary>
    [Fact]
    public void WeightsCountAsTheyAreLoaded()
    {
        using IBackend backend = CpuBackend.Create(threads: 1);
        using var folder = new RandomCheckpoint(new RandomModel());
        using Checkpoint stored = folder.Open(), made = Checkpoint.OfRandomWeights(stored.Config, "made");
        using Transformer storedModel = Transformer.WithCache(backend, stored, pages: 1), madeModel = Transformer.WithCache(backend, made, pages: 1);
        Assert.Equal(stored.ByteLength, storedModel.WeightBytes);
        Assert.Equal(stored.ByteLength / 2, madeModel.WeightBytes); // bfloat16 instead of float32
    }

    // A prompt, then forks of it that first copy its last page and then write on: logits of every pass.
    private static float[] Generate(string path, int threads, Checkpoint checkpoint)
    {
        using IBackend backend = CpuBackend.Create(threads, path);
        using Transformer model = Transformer.WithCache(backend, checkpoint, pages: 4 * Sequences);
        var pool = new PagePool(model.Pages);
        var prompt = new PageTable(pool);
        var logits = new List<float>();
        var batch = new StepBatch();
        Append(prompt, Prompt, token: 3);
        Run();
        PageTable[] forks = [.. Enumerable.Range(0, Sequences).Select(_ => prompt.Fork())];
        for (int pass = 0; pass < 4; pass++)
        {
            batch.Clear();
            for (int i = 0; i < forks.Length; i++) Append(forks[i], 1 + (i + pass) % 3, token: 7 * i + pass);
            Run();
        }
        return [.. logits];

        void Append(PageTable table, int count, int token)
        {
            int first = table.Length;
            Assert.True(table.TryAppend(count, out PageCopy? copy));
            if (copy is { } needed) batch.AddCopy(needed);
            int row = batch.AddSequence([.. Enumerable.Range(0, count).Select(i => (token + 5 * i) % model.Config.VocabSize)], first, table);
            batch.AddLogits(row + count - 1);
        }

        void Run()
        {
            batch.Complete();
            model.Forward(batch);
            float[] row = new float[model.Config.VocabSize];
            for (int i = 0; i < batch.OutputRows.Length; i++)
            {
                model.ReadLogits(i, row);
                logits.AddRange(row);
            }
        }
    }

    private sealed class CountingPass(long weightBytes) : IPass
    {
        private int _count;

        public int Count => _count;

        public AttentionShape Attention => new(Heads: 1, KvHeads: 1, HeadDim: 16);

        public long WeightBytes => weightBytes;

        public void Issue(StepBatch batch) => Interlocked.Increment(ref _count);
    }
}
