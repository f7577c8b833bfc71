using CudaSearch.Backends;
using CudaSearch.Backends.Cpu;
using CudaSearch.Cache;
using CudaSearch.Checkpoints;
using CudaSearch.Model;
using CudaSearch.Tests.Model;

namespace CudaSearch.Tests.Architecture;

public sealed class AllocationTests
{
    // Sequences that share a prefix and each decode a token, as in a search.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void ADecodePassAllocatesNothing(int threads)
    {
        using var random = new RandomCheckpoint(new RandomModel { Type = ElementType.BF16 });
        using Checkpoint checkpoint = random.Open();
        using IBackend backend = CpuBackend.Create(threads);
        using var model = Transformer.WithCache(backend, checkpoint, pages: 256, maxRows: 64);
        var pool = new PagePool(256);
        var batch = new StepBatch();
        var stem = new PageTable(pool);
        Add(batch, stem, [.. Enumerable.Range(3, 40)]);
        batch.Complete();
        model.Forward(batch);
        PageTable[] beams = [.. Enumerable.Range(0, 8).Select(_ => stem.Fork())];
        int[] token = [7];
        for (int pass = 0; pass < 100; pass++) Decode();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int pass = 0; pass < 20; pass++) Decode();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Decode()
        {
            batch.Clear();
            foreach (PageTable beam in beams) batch.AddSample(Add(batch, beam, token), new SamplingParameters(0.8f, 1f, 0, 0f, 0.5f));
            batch.Complete();
            model.Forward(batch);
        }
    }

    private static int Add(StepBatch batch, PageTable table, ReadOnlySpan<int> tokens)
    {
        int first = table.Length;
        Assert.True(table.TryAppend(tokens.Length, out PageCopy? copy));
        if (copy is { } needed) batch.AddCopy(needed);
        return batch.AddSequence(tokens, first, table);
    }
}
