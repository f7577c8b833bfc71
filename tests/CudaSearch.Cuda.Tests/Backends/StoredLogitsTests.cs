using CudaSearch.Backends;
using CudaSearch.Backends.Cuda;
using CudaSearch.Cache;
using CudaSearch.Checkpoints;
using CudaSearch.Model;
using CudaSearch.Tests.Model;

namespace CudaSearch.Cuda.Tests.Backends;

/// <summary>Passes store logits where somebody needs them and nowhere else, and that changes no token.</summary>
public sealed class StoredLogitsTests
{
    private static readonly SamplingParameters s_draw = new(0.8f, 1f, 0, 0f, 0f);

    public static TheoryData<string> Models() => [.. CudaModels.All.Keys];

    [Theory]
    [MemberData(nameof(Models))]
    public void APassThatNeedsNoLogitsStoresNoneAndDrawsTheSame(string name)
    {
        using var random = new RandomCheckpoint(CudaModels.All[name]);
        using Checkpoint checkpoint = random.Open();
        using CudaBackend backend = CudaModels.OpenBackend();
        using Transformer model = Transformer.WithCache(backend, checkpoint, pages: 64, maxRows: 64);
        var logits = new float[checkpoint.Config.VocabSize];

        int[] without = Run(_ => { });
        model.ReadLogits(0, logits);
        Assert.All(logits, logit => Assert.True(float.IsNaN(logit), "a logit was written"));   // fresh device memory is NaN

        Assert.Equal(without, Run(batch => batch.AddLogits(30)));
        model.ReadLogits(0, logits);
        Assert.All(logits, logit => Assert.True(float.IsFinite(logit)));
        Assert.Equal(without, Run(batch => batch.AddSample(30, s_draw with { TopK = 5 }))[..without.Length]);
        Assert.Equal(without, Run(batch => batch.AddSample(30, s_draw with { WantsLogProbability = true }))[..without.Length]);

        // Three draws from row 0, one from each later row up to 19, greedy ones among them.
        int[] Run(Action<StepBatch> alsoWanted)
        {
            var batch = new StepBatch();
            var table = new PageTable(new PagePool(64));
            Assert.True(table.TryAppend(31, out _));
            batch.AddSequence([.. Enumerable.Range(1, 31)], 0, table);
            for (int i = 0; i < 22; i++) batch.AddSample(Math.Max(0, i - 2), s_draw with { Temperature = i % 5 == 4 ? 0f : 0.8f, Key = (ulong)i << 33 });
            alsoWanted(batch);
            batch.Complete(backend.PlanLimits, share: true);
            model.Forward(batch);
            return batch.SampledTokens.ToArray();
        }
    }
}
