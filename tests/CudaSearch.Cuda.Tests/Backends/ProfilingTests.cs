using CudaSearch.Backends;
using CudaSearch.Backends.Cuda;
using CudaSearch.Checkpoints;
using CudaSearch.Cuda.Tests.Support;
using CudaSearch.Evaluation.Throughput;
using CudaSearch.Tests.Model;

namespace CudaSearch.Cuda.Tests.Backends;

/// <summary>Every launch of a pass is timed, has a cost beside it, and the costs add up. How long anything took on the host device means nothing.</summary>
public sealed class ProfilingTests(DeviceFixture device)
{
    // Sizes that no kernel pads: what is launched is what the model's shape asks for.
    private static readonly PassCase s_prefill = new(0, 70, 0, Share: true);
    private static readonly PassCase s_shared = new(3, 128, 9, Share: true);

    [Fact]
    public void ThePassesOperationsAreThoseOfTheModelsShape()
    {
        using Scene scene = new();
        foreach (PassCase kind in (PassCase[])[s_prefill, s_shared, s_shared with { Share = false }])
        {
            using StagedPass staged = scene.Stage.Set(kind);
            PassRecording recording = scene.Backend.RunTimed(scene.Stage.Model, staged.Batch);
            Assert.Equal(staged.Cost.Flops, recording.Operations.Sum(operation => operation.Cost.Flops), tolerance: 0.5);
            double attention = recording.Operations.Where(operation => operation.Name.StartsWith("attend", StringComparison.Ordinal)).Sum(operation => operation.Cost.Flops);
            Assert.Equal(staged.Cost.AttentionFlops, attention, tolerance: 0.5);
            Assert.True(staged.Cost.AttentionFlops > 0 && staged.Cost.ProductFlops > 0);
        }
    }

    [Fact]
    public void EveryLaunchIsThereInOrderWithItsBytes()
    {
        using Scene scene = new();
        using StagedPass staged = scene.Stage.Set(s_shared);
        HostCounters before = HostControl.Counters;
        PassRecording recording = scene.Backend.RunTimed(scene.Stage.Model, staged.Batch);
        HostCounters after = HostControl.Counters;
        Assert.Equal(after.Launches - before.Launches, recording.Operations.Count);
        Assert.Equal(0, after.GraphLaunches - before.GraphLaunches);

        // Three rows, each appended behind nine tokens of its sequence's own, so that no page is copied; 4 heads on 2 key/value heads of 64.
        const int M = 3, Hidden = 128, Queries = 256, Values = 128, Intermediate = 192, Vocabulary = 320;
        const int Norm = Hidden * 2, Normed = M * Hidden * 2 + Norm;
        double[] layer =
        [
            // Queries, keys and values written; 32 cosines and 32 sines a row.
            Product(M, Queries + 2 * Values, Hidden, 2) + M * 64 * 4,
            // Eight shared pages, and of each sequence one with nine tokens and this one.
            M * Queries * 4 + (8 + M) * 16 * 2 * Values * 2,
            // The residual read and written, and its rows for the norm that follows.
            Product(M, Hidden, Queries, 8) + Normed,
            M * Hidden * 2 + 2 * Intermediate * Hidden * 2 + M * Intermediate * 2,
            Product(M, Hidden, Intermediate, 8) + Normed,
        ];
        double[] expected =
        [
            M * Hidden * 6 + Normed, .. Enumerable.Repeat(layer, scene.Layers).SelectMany(bytes => bytes),
            // The rows of the last norm are those of the outputs; tokens are drawn and no logit is stored.
            M * Hidden * 6 + Norm, Product(M, Vocabulary, Hidden, 0) + M * 4,
        ];
        // No norm follows the last layer's products.
        expected[^3] -= Normed;
        Assert.Equal(expected, recording.Operations.Select(operation => operation.Cost.Bytes));
        Assert.StartsWith("embed", recording.Operations[0].Name, StringComparison.Ordinal);
        Assert.StartsWith("linear_sample", recording.Operations[^1].Name, StringComparison.Ordinal);

        static double Product(double m, double n, double k, int outputSize) => m * k * 2 + n * k * 2 + m * n * outputSize;
    }

    [Fact]
    public void TimesLieBehindOneAnotherInsideThePass()
    {
        using Scene scene = new();
        using StagedPass staged = scene.Stage.Set(s_shared);
        PassRecording recording = scene.Backend.RunTimed(scene.Stage.Model, staged.Batch);
        double end = 0;
        foreach (OperationTiming operation in recording.Operations)
        {
            Assert.True(operation.Seconds >= 0 && operation.Start >= end - 1e-6, $"{operation.Name} begins before the launch before it ends");
            end = operation.Start + operation.Seconds;
        }
        Assert.InRange(end, 0, recording.Seconds + 1e-6);
    }

    [Fact]
    public void AnObservedPassDrawsWhatAReplayedOneDraws()
    {
        using Scene scene = new();
        using StagedPass staged = scene.Stage.Set(s_shared);
        scene.Stage.Model.Forward(staged.Batch);
        int[] drawn = staged.Batch.SampledTokens.ToArray();
        int graphs = scene.Backend.GraphCount;
        staged.Batch.SampledTokens.Clear();
        scene.Backend.RunTimed(scene.Stage.Model, staged.Batch);
        Assert.Equal(drawn, staged.Batch.SampledTokens.ToArray());
        staged.Batch.SampledTokens.Clear();
        HostCounters before = HostControl.Counters;
        Assert.True(scene.Backend.RunWhole(scene.Stage.Model, staged.Batch) > 0);
        Assert.Equal(1, HostControl.Counters.GraphLaunches - before.GraphLaunches);
        Assert.Equal(drawn, staged.Batch.SampledTokens.ToArray());
        Assert.Equal(graphs, scene.Backend.GraphCount);
    }

    [Fact]
    public void ALaunchWithoutACostIsRefused()
    {
        using var profiler = new LaunchProfiler(device.Context, device.Stream);
        using CudaDeviceVariable<float> output = new(64 * 32);
        ProbeMmaKernel kernel = ProbeMmaKernel.Mma(device.Kernels);
        var fault = Assert.Throws<InvalidOperationException>(() => profiler.Record(device.Stream, () => kernel.Launch(device.Stream, 1, 1, output.Pointer)));
        Assert.Contains("probe_mma_bf16", fault.Message, StringComparison.Ordinal);
        Assert.Null(device.Stream.Observer);
    }

    [Fact]
    public void CeilingsAreMeasured()
    {
        using CudaBackend backend = CudaModels.OpenBackend();
        Ceilings ceilings = Assert.NotNull(backend.ProbeCeilings(WeightPrecision.Stored));
        Assert.True(ceilings.BytesPerSecond > 0 && ceilings.CopiedBytesPerSecond > 0 && ceilings.OperationsPerSecond > 0);
        Assert.Matches("^bf16 w?g?mma$", ceilings.Operations);
        Assert.Equal(HostControl.Counters.LiveDeviceBytes, Live(() => backend.ProbeCeilings(WeightPrecision.Stored)));

        static long Live(Action action)
        {
            action();
            return HostControl.Counters.LiveDeviceBytes;
        }
    }

    private sealed class Scene : IDisposable
    {
        private readonly RandomCheckpoint _random = new(CudaModels.All["llama"]);
        private readonly Checkpoint _checkpoint;

        public Scene()
        {
            _checkpoint = _random.Open();
            Backend = CudaModels.OpenBackend();
            Stage = new PassStage(Backend, _checkpoint, default, [s_prefill, s_shared]);
        }

        public CudaBackend Backend { get; }

        public PassStage Stage { get; }

        public int Layers => _checkpoint.Config.NumHiddenLayers;

        public void Dispose()
        {
            Stage.Dispose();
            Backend.Dispose();
            _checkpoint.Dispose();
            _random.Dispose();
        }
    }
}
