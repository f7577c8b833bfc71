using CudaSearch.Backends;
using CudaSearch.Backends.Cuda;
using CudaSearch.Cache;
using CudaSearch.Checkpoints;
using CudaSearch.Cuda.Tests.Support;
using CudaSearch.Model;
using CudaSearch.Tests.Model;

namespace CudaSearch.Cuda.Tests.Backends;

/// <summary>Once its kind was recorded, a pass is an upload, a graph launch and a read-back, and allocates nothing anywhere.</summary>
public sealed class SteadyStateTests
{
    [Fact]
    public void ADecodePassIsOneGraphLaunchAndAllocatesNothing()
    {
        using var random = new RandomCheckpoint(CudaModels.All["llama"]);
        using Checkpoint checkpoint = random.Open();
        using CudaBackend backend = CudaModels.OpenBackend();
        using Transformer model = Transformer.WithCache(backend, checkpoint, pages: 128, maxRows: 64, reward: new RewardHead(3, 4));
        var pool = new PagePool(128);
        var batch = new StepBatch();
        var stem = new PageTable(pool);
        Add(batch, stem, [.. Enumerable.Range(3, 40)]);
        Run();
        PageTable[] beams = [.. Enumerable.Range(0, 6).Select(_ => stem.Fork())];
        int[] token = [7];
        // The first of these copies the page that the beams share; crossing a page and a range of keys follows.
        for (int pass = 0; pass < 30; pass++) Decode();
        int graphs = backend.GraphCount;
        HostCounters before = HostControl.Counters;
        long managed = GC.GetAllocatedBytesForCurrentThread();
        const int Passes = 5;
        for (int pass = 0; pass < Passes; pass++) Decode();
        managed = GC.GetAllocatedBytesForCurrentThread() - managed;
        HostCounters after = HostControl.Counters;

        Assert.Equal(0, managed);
        Assert.Equal(graphs, backend.GraphCount);
        Assert.Equal(0, after.Launches - before.Launches);
        Assert.Equal(Passes, after.GraphLaunches - before.GraphLaunches);
        Assert.Equal(2 * Passes, after.Copies - before.Copies);
        Assert.Equal(Passes, after.Synchronizations - before.Synchronizations);
        Assert.Equal(0, after.DeviceAllocations - before.DeviceAllocations);
        Assert.Equal(0, after.HostAllocations - before.HostAllocations);
        Assert.True(after.KernelsRun > before.KernelsRun);
        Assert.All(batch.SampledTokens.ToArray(), drawn => Assert.InRange(drawn, 0, checkpoint.Config.VocabSize - 1));

        void Decode()
        {
            batch.Clear();
            foreach (PageTable beam in beams)
            {
                int row = Add(batch, beam, token);
                batch.AddSample(row, new SamplingParameters(0.8f, 1f, 0, 0f, 0.5f, Key: (ulong)row));
                batch.AddReward(row);
            }
            Run();
        }

        void Run()
        {
            batch.Complete(backend.PlanLimits, share: true);
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
