using System.Globalization;
using CudaSearch.Backends;
using CudaSearch.Cuda.Tests.Support;
using CudaSearch.Engine;
using CudaSearch.Evaluation;
using CudaSearch.Evaluation.Datasets;
using CudaSearch.Search;
using CudaSearch.Tests.Engine;
using CudaSearch.Verification;

namespace CudaSearch.Cuda.Tests.Backends;

/// <summary>Generator and verifier on one loop: their passes overlap, which changes no bit, and neither falls with the other.</summary>
public sealed class OverlappedEnginesTests
{
    private const int OutOfMemory = 2;

    [Fact]
    public async Task SearchesGrowTheSameTreesOverlappedOrNotUnderEverySchedule()
    {
        long before = HostControl.Counters.OverlappingGraphLaunches;
        string[] expected = await SearchAsync(overlapped: false);
        Assert.Equal(before, HostControl.Counters.OverlappingGraphLaunches);
        Assert.Equal(expected, await SearchAsync(overlapped: true));
        Assert.True(HostControl.Counters.OverlappingGraphLaunches > before, "no pass was launched while another model's was under way");
        Assert.Equal(expected, Schedules.With(5, () => SearchAsync(overlapped: true).GetAwaiter().GetResult()));
    }

    [Fact]
    public async Task AFailureInOneEnginesPassLeavesTheOtherAlone()
    {
        using var engines = new Engines();
        string expected = await engines.GenerateAsync();
        // Its passes are of kinds that were recorded before; only the verifier's first is not.
        Task<string> generation = engines.GenerateAsync();
        HostControl.WithFailure("cuGraphInstantiateWithFlags", OutOfMemory, () =>
        {
            CudaSearchException fault = Assert.Throws<CudaSearchException>(() => engines.RewardAsync().GetAwaiter().GetResult());
            Assert.Equal(Failure.OutOfMemory, fault.Failure);
        });
        Assert.Equal(expected, await generation);
        float[] reward = await engines.RewardAsync();
        Assert.Equal(reward, await engines.RewardAsync());
        Assert.Equal(expected, await engines.GenerateAsync());
    }

    [Fact]
    public async Task AnEngineThatEndsInTheMiddleOfAPassLeavesTheOtherAlone()
    {
        using var engines = new Engines();
        float[] expected = await engines.RewardAsync();
        Task<string> generation = engines.GenerateAsync();
        Task<float[]> reward = engines.RewardAsync();
        engines.Generator.Dispose();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => generation.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        Assert.Equal(expected, await reward);
        Assert.Equal(expected, await engines.RewardAsync());
    }

    /// <summary>Two problems searched at once; every node of their trees, scores to the last bit.</summary>
    private static async Task<string[]> SearchAsync(bool overlapped)
    {
        using var engines = new Engines(overlapped);
        string[][] trees = await Task.WhenAll(TinyMathRows.HeldOut().Skip(20).Take(2).Select(async row =>
        {
            var tree = new SearchTree();
            var options = new SearchOptions { N = 4, BeamWidth = 2, Iterations = 3, Sampling = new GenerationOptions { MaxTokens = 32 } };
            var context = new SearchContext(
                row.Problem, new EngineGenerator(engines.Generator, seed: 1, systemPrompt: null, new Usage()), new PrmVerifier(engines.Verifier, new Usage()), options, tree, Seed: 1);
            await new BeamSearch().SearchAsync(context, TestContext.Current.CancellationToken);
            return tree.Nodes.Select(Describe).ToArray();
        }));
        return [.. trees.SelectMany(tree => tree)];

        static string Describe(SearchNode node) => string.Create(
            CultureInfo.InvariantCulture, $"{node.Id} after {node.Parent?.Id}, beam {node.Beam}: {node.Step} {string.Join(' ', node.StepScores)} {node.State}");
    }

    /// <summary>The embedded pair on one device.</summary>
    private sealed class Engines : IDisposable
    {
        private const long CacheBytes = 32 << 20;

        private readonly IBackend _backend;
        private readonly DeviceLoop _loop = new();

        public Engines(bool overlapped = true)
        {
            IBackend device = CudaModels.OpenBackend();
            // The gate knows Run alone, so what is launched through it is done at once.
            _backend = overlapped ? device : new GatedBackend(device);
            Generator = LanguageModel.LoadGenerator(Workbench.ResolveModel(Workbench.TinyMath, "generator"), _backend, _loop).Start(CacheBytes);
            Verifier = ProcessRewardModel.Load(Workbench.ResolveModel(Workbench.TinyMath, "prm"), _backend, _loop);
            Verifier.Model.Start(CacheBytes);
        }

        public LanguageModel Generator { get; }

        public ProcessRewardModel Verifier { get; }

        public async Task<string> GenerateAsync()
        {
            using Sequence sequence = Generator.Engine.CreateSequence([5, 6, 7, 8], new RandomStream(1, 2, 3));
            return (await Generator.Engine.GenerateAsync(sequence, new GenerationOptions { MaxTokens = 24 }, TestContext.Current.CancellationToken)).Text;
        }

        public async Task<float[]> RewardAsync()
        {
            using Sequence sequence = Verifier.Model.Engine.CreateSequence([.. Enumerable.Range(5, 30)]);
            Verifier.Model.Engine.ClearCache();
            return await Verifier.Model.Engine.RewardAsync(sequence, [20, 29], TestContext.Current.CancellationToken);
        }

        public void Dispose()
        {
            Generator.Stop();
            Verifier.Model.Stop();
            _loop.Dispose();
            Generator.Dispose();
            Verifier.Dispose();
            _backend.Dispose();
        }
    }
}
