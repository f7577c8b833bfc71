using CudaSearch.Backends;
using CudaSearch.Backends.Cpu;
using CudaSearch.Checkpoints;
using CudaSearch.Evaluation.Throughput;

namespace CudaSearch.Tests.Evaluation;

/// <summary>Passes taken apart on the CPU: every operation is there, with costs that add up to the pass's.</summary>
public sealed class ProfilingTests
{
    private static readonly PassCase s_prefill = new(0, 33, 0, Share: true);
    private static readonly PassCase s_shared = new(3, 64, 5, Share: true);

    [Fact]
    public void OperationsAddUpToTheModelsShape()
    {
        ModelConfig config = ModelShapes.All["tinymath"];
        using IProfiledBackend backend = CpuBackend.WithStopwatch(CpuBackend.Create(1));
        using Checkpoint checkpoint = Checkpoint.OfRandomWeights(config, "tinymath");
        using var stage = new PassStage(backend, checkpoint, default, [s_prefill, s_shared]);
        foreach (PassCase kind in (PassCase[])[s_prefill, s_shared, s_shared with { Share = false }])
        {
            PassProfile profile = new PassProfiler(backend, stage).Run(kind, runs: 2);
            int layers = config.NumHiddenLayers, keys = kind.Sequences == 0 ? 33 * 34 / 2 : 3 * 70, outputs = kind.Sequences == 0 ? 1 : 3;
            Assert.Equal(ModelFlops.Of(config, profile.Tokens, outputs, keys), profile.Kernels.Sum(kernel => kernel.Cost.Flops), tolerance: 0.5);
            Assert.Equal(5 * layers + 3, profile.Sample.Operations.Count);
            Assert.Equal(profile.Sample.Operations.Count, profile.Kernels.Sum(kernel => kernel.Launches));
            Assert.Equal(2 * layers, profile.Kernels.Where(kernel => kernel.Name == "linear_add").Sum(kernel => kernel.Launches));
            // Five pages a sequence, of which four are the prefix; float32.
            double pages = kind.Sequences == 0 ? 3 : kind.Share ? 4 + 3 : 3 * 5;
            double attention = layers * (2.0 * profile.Tokens * 256 * sizeof(float) + pages * 16 * 2 * 128 * sizeof(float));
            Assert.Equal(attention, profile.Kernels.Single(kernel => kernel.Name == "attend").Cost.Bytes, tolerance: 0.5);
            Assert.True(profile.WholeSeconds > 0 && profile.KernelSeconds > 0 && profile.ObservedSeconds > 0);
        }
    }

    // Three rows, each behind five tokens of its sequence's own, so that no page is copied; 4 heads on 2 key/value heads of 64.
    [Fact]
    public void EveryOperationIsThereInOrderWithItsBytes()
    {
        ModelConfig config = ModelShapes.All["tinymath"];
        using IProfiledBackend backend = CpuBackend.WithStopwatch(CpuBackend.Create(1, CpuBackend.ManagedPaths[0]));
        using Checkpoint checkpoint = Checkpoint.OfRandomWeights(config, "tinymath");
        using var stage = new PassStage(backend, checkpoint, default, [s_shared]);
        using StagedPass staged = stage.Set(s_shared);
        const int M = 3, Hidden = 192, Queries = 256, Values = 128, Intermediate = 512, Vocabulary = 404, Float = 4, Weight = 2;
        const int Norm = Hidden * Weight, Normed = M * Hidden * Float + Norm;
        (string, double)[] layer =
        [
            // Queries, keys and values written; 32 cosines and 32 sines a row.
            ("project_append", Product(Queries + 2 * Values, Hidden) + M * 64 * Float),
            // Four shared pages, and one of each sequence.
            ("attend", 2 * M * Queries * Float + (4 + M) * 16 * 2 * Values * Float),
            // The residual read and written, and its rows for the norm that follows.
            ("linear_add", Product(Hidden, Queries, moved: 2) + Normed),
            ("gated_linear", M * Hidden * Float + 2 * Intermediate * Hidden * Weight + M * Intermediate * Float),
            ("linear_add", Product(Hidden, Intermediate, moved: 2) + Normed),
        ];
        (string, double)[] expected =
        [
            ("embed", M * Hidden * (Weight + Float) + Normed), .. Enumerable.Repeat(layer, config.NumHiddenLayers).SelectMany(operations => operations),
            ("rms_norm", M * Hidden * Float + Normed), ("linear_sample", Product(Vocabulary, Hidden) + M * sizeof(int)),
        ];
        // No norm follows the last layer's products.
        expected[^3].Item2 -= Normed;
        Assert.Equal(expected, backend.RunTimed(stage.Model, staged.Batch).Operations.Select(operation => (operation.Name, operation.Cost.Bytes)));

        static double Product(double n, double k, int moved = 1) => M * k * Float + n * k * Weight + moved * M * n * Float;
    }

    [Fact]
    public void MedianAndSumAreOfTheSameLaunch()
    {
        PassRecording[] recordings = [Recording(1, 20), Recording(3, 10), Recording(2, 30)];
        OperationTiming[] launches = PassProfiler.MedianLaunches(recordings);
        Assert.Equal([2, 20], launches.Select(launch => launch.Seconds));
        KernelProfile kernel = Assert.Single(PassProfiler.Summarise(launches));
        Assert.Equal((2, 22, new OperationCost(10, 14)), (kernel.Launches, kernel.Seconds, kernel.Cost));
        PassRecording other = new(1, [.. recordings[0].Operations.Select(operation => operation with { Shape = "other" })]);
        Assert.Throws<InvalidOperationException>(() => PassProfiler.MedianLaunches([recordings[0], other]));

        static PassRecording Recording(double first, double second) =>
            new(first + second, [new("product", "n x k", 0, first, new(4, 6)), new("product", "n x k", first, second, new(6, 8))]);
    }

    [Fact]
    public void AnUnobservedPassComputesTheSame()
    {
        using IProfiledBackend backend = CpuBackend.WithStopwatch(CpuBackend.Create(1));
        using Checkpoint checkpoint = Checkpoint.OfRandomWeights(ModelShapes.All["tinymath"], "tinymath");
        using var stage = new PassStage(backend, checkpoint, default, [s_shared]);
        using StagedPass staged = stage.Set(s_shared);
        stage.Model.Forward(staged.Batch);
        int[] drawn = staged.Batch.SampledTokens.ToArray();
        staged.Batch.SampledTokens.Clear();
        backend.RunTimed(stage.Model, staged.Batch);
        Assert.Equal(drawn, staged.Batch.SampledTokens.ToArray());
    }

    // Weights and KV cache of an 8B model at batch 64, 512 tokens shared and 256 of their own.
    [Fact]
    public void TheFloorOfAPassIsProductsThenAttention()
    {
        var cost = new PassCost(WeightBytes: 15.01e9, KvBytes: 2.215e9, ProductFlops: 0.96e12, AttentionFlops: 0.026e12);
        var h100 = new Ceilings(3.0e12, 798e12, "bf16");
        Assert.Equal(5.741e-3, cost.FloorSeconds(h100), tolerance: 2e-6);
        Assert.Equal(0.96e12 / 100e12 + 2.215e9 / 3.0e12, cost.FloorSeconds(h100 with { OperationsPerSecond = 100e12 }), tolerance: 1e-9);
    }
}
