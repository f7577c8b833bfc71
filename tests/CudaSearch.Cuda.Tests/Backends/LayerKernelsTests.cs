using CudaSearch.Backends;
using CudaSearch.Backends.Cuda;
using CudaSearch.Cache;
using CudaSearch.Checkpoints;
using CudaSearch.Cuda.Tests.Support;
using CudaSearch.Model;
using CudaSearch.Tests.Model;

namespace CudaSearch.Cuda.Tests.Backends;

/// <summary>How many kernels a pass is.</summary>
public sealed class LayerKernelsTests
{
    [Theory]
    [InlineData("llama")]
    [InlineData("qwen2, biased")]
    public void ALayerIsFiveKernelsAndASixthWherePromptsAreFilled(string name)
    {
        RandomModel shallow = CudaModels.All[name] with { NumHiddenLayers = 2 }, deep = shallow with { NumHiddenLayers = 5 };
        (long prompt, long decode) = KernelsOf(shallow);
        (long deeperPrompt, long deeperDecode) = KernelsOf(deep);
        Assert.Equal((3 * 5, 3 * 5), (deeperPrompt - prompt, deeperDecode - decode));
        // The embedding before; the final norm, the logits and the draw behind.
        Assert.InRange(decode, 2 * 5 + 3, 2 * 5 + 4);
        Assert.Equal(3 * 6, MixedOf(deep) - MixedOf(shallow));
    }

    // Kernels of a pass over a prompt alone, and of one that decodes.
    private static (long Prompt, long Decode) KernelsOf(RandomModel model)
    {
        using var pass = new Passes(model);
        PageTable sequence = pass.NewSequence();
        return (pass.Run((sequence, 40)), pass.Run((sequence, 1)));
    }

    // Kernels of a pass in which one sequence decodes and another's prompt is filled.
    private static long MixedOf(RandomModel model)
    {
        using var pass = new Passes(model);
        PageTable sequence = pass.NewSequence();
        pass.Run((sequence, 40));
        return pass.Run((sequence, 1), (pass.NewSequence(), 40));
    }

    private sealed class Passes : IDisposable
    {
        private readonly RandomCheckpoint _random;
        private readonly Checkpoint _checkpoint;
        private readonly CudaBackend _backend;
        private readonly Transformer _model;
        private readonly PagePool _pool = new(64);

        public Passes(RandomModel model)
        {
            TestDevice.RequireHost();
            _random = new RandomCheckpoint(model);
            _checkpoint = _random.Open();
            _backend = CudaModels.OpenBackend();
            _model = Transformer.WithCache(_backend, _checkpoint, pages: 64, maxRows: 64);
        }

        public PageTable NewSequence() => new(_pool);

        /// <summary>Appends tokens to sequences and draws one behind each; how many kernels that was.</summary>
        public long Run(params (PageTable Sequence, int Tokens)[] parts)
        {
            var batch = new StepBatch();
            foreach ((PageTable sequence, int tokens) in parts)
            {
                int first = sequence.Length;
                Assert.True(sequence.TryAppend(tokens, out PageCopy? copy));
                Assert.Null(copy);
                int row = batch.AddSequence([.. Enumerable.Range(3, tokens)], first, sequence);
                batch.AddSample(row + tokens - 1, new SamplingParameters(0.8f, 1f, 0, 0f, 0.5f, Key: 1));
            }
            batch.Complete(_backend.PlanLimits, share: true);
            long before = HostControl.Counters.KernelsRun;
            _model.Forward(batch);
            return HostControl.Counters.KernelsRun - before;
        }

        public void Dispose()
        {
            _model.Dispose();
            _backend.Dispose();
            _checkpoint.Dispose();
            _random.Dispose();
        }
    }
}
