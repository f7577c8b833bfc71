using CudaSearch.Backends;
using CudaSearch.Backends.Cuda;
using CudaSearch.Cache;
using CudaSearch.Checkpoints;
using CudaSearch.Cuda.Tests.Support;
using CudaSearch.Model;
using CudaSearch.Tests.Model;

namespace CudaSearch.Cuda.Tests.Backends;

/// <summary>
/// Whole passes whose kernels may start before the kernel before them has ended, by kernels that the host device checks: each waits, and reads and writes
/// nothing too soon that another writes.
/// </summary>
public sealed class DependentLaunchTests
{
    public static TheoryData<string> Models() => [.. CudaModels.All.Keys];

    [Theory]
    [MemberData(nameof(Models))]
    public void KernelsStartEarlyAndGiveTheSameBits(string name)
    {
        TestDevice.RequireHost();
        HostCounters before = HostControl.Counters;
        float[] apart = Run(name, dependentLaunch: false);
        HostCounters between = HostControl.Counters;
        float[] together = Run(name, dependentLaunch: true);
        HostCounters after = HostControl.Counters;

        Assert.Equal(apart, together);
        Assert.Equal(0, between.DependentKernelsRun - before.DependentKernelsRun);
        // Of each pass, all kernels but the first.
        Assert.Equal(
            after.KernelsRun - between.KernelsRun - (after.GraphLaunches - between.GraphLaunches), after.DependentKernelsRun - between.DependentKernelsRun);
    }

    /// <summary>Everything that some passes give which between them use every kernel: prefill by tiles, shared decoding, copies, both ways to tokens, rewards.</summary>
    private static float[] Run(string name, bool dependentLaunch)
    {
        using var random = new RandomCheckpoint(CudaModels.All[name]);
        using Checkpoint checkpoint = random.Open();
        using CudaBackend backend = CudaModels.OpenBackend(TestDevice.CheckedKernels, dependentLaunch);
        Assert.NotEqual(dependentLaunch, backend.Device.EndsWith(", kernels one after the other", StringComparison.Ordinal));
        using Transformer model = Transformer.WithCache(backend, checkpoint, pages: 64, maxRows: 64, reward: new RewardHead(3, 4));
        SamplingParameters draw = new(0.8f, 1f, 0, 0f, 0f, Key: 9), cut = draw with { TopP = 0.9f, WantsLogProbability = true };
        var (batch, results, pool) = (new StepBatch(), new List<float>(), new PagePool(64));
        var stem = new PageTable(pool);
        Pass(stem, 40, draw);
        PageTable[] beams = [stem.Fork(), stem.Fork(), stem.Fork()];
        foreach (SamplingParameters how in new[] { draw, cut, draw })
        {
            batch.Clear();
            foreach (PageTable beam in beams) Add(beam, 1, how);
            Finish();
        }
        Pass(beams[0], 20, cut);
        var logits = new float[checkpoint.Config.VocabSize];
        model.ReadLogits(0, logits);
        return [.. results, .. logits];

        void Pass(PageTable table, int tokens, SamplingParameters how)
        {
            batch.Clear();
            Add(table, tokens, how);
            Finish();
        }

        void Add(PageTable table, int tokens, SamplingParameters how)
        {
            int first = table.Length;
            Assert.True(table.TryAppend(tokens, out PageCopy? copy));
            if (copy is { } needed) batch.AddCopy(needed);
            int row = batch.AddSequence([.. Enumerable.Range(5, tokens)], first, table) + tokens - 1;
            batch.AddSample(row, how with { Key = how.Key + (ulong)row });
            batch.AddReward(row);
        }

        void Finish()
        {
            batch.Complete(backend.PlanLimits, share: true);
            model.Forward(batch);
            foreach (int token in batch.SampledTokens) results.Add(token);
            results.AddRange(batch.Rewards);
            if (batch.WantsLogProbabilities) results.AddRange(batch.LogProbabilities);
        }
    }
}
