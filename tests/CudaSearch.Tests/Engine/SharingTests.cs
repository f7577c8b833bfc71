using CudaSearch.Backends;
using CudaSearch.Backends.Cpu;
using CudaSearch.Model;
using CudaSearch.Tests.Model;

namespace CudaSearch.Tests.Engine;

/// <summary>Sharing, batching, threads, pass sizes and want of memory change what an answer costs and nothing else, bit for bit.</summary>
public sealed class SharingTests
{
    // Odd sizes: every tail of every kernel takes part.
    private static readonly RandomModel s_model = new() { HeadDim = 10, NumAttentionHeads = 3, NumKeyValueHeads = 1, HiddenSize = 27, IntermediateSize = 37 };
    private static readonly FixtureOptions s_plenty = new() { Pages = 512, Reward = new RewardHead(3, 4), EndTokens = [2] };

    public static TheoryData<string> Paths() => [.. CpuBackend.Paths];

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task AnswersInACrowdAreTheAnswersAlone(string path)
    {
        FixtureOptions options = s_plenty with { Path = path };
        Observation[][] crowd = await RunAsync(options, seed: 1);
        using var alone = new EngineFixture(s_model, options with { Share = false, Threads = 1 });
        foreach (Observation seen in crowd.SelectMany(tree => tree))
            Assert.Equal(seen.ToString(), (await Forest.AskAloneAsync(alone.Engine, seen)).ToString());
    }

    [Theory]
    [InlineData(KvPrecision.Native)]
    [InlineData(KvPrecision.Fp8)]
    public async Task NoSettingChangesAnAnswer(KvPrecision kv)
    {
        FixtureOptions plenty = s_plenty with { Precision = new(Kv: kv) };
        for (int seed = 2; seed < 4; seed++)
        {
            string[] expected = Lines(await RunAsync(plenty, seed));
            FixtureOptions[] others =
            [
                plenty with { Share = false },
                plenty with { Threads = 1 },
                plenty with { MaxRows = 8 },
                plenty with { MaxRows = 200, Threads = 3 },
                plenty with { MaxOutputRows = 3 },
                // One sequence fits and little more: the rest is evicted, set aside and computed again.
                plenty with { Pages = Forest.LongestSequence / 16 + 4 },
                plenty with { Pages = Forest.LongestSequence / 16 + 1, MaxRows = 200 },
            ];
            foreach (FixtureOptions other in others)
            {
                try
                {
                    Assert.Equal(expected, Lines(await RunAsync(other, seed)));
                }
                catch (Exception exception)
                {
                    throw new InvalidOperationException($"seed {seed}, {other}", exception);
                }
            }
        }
    }

    private static async Task<Observation[][]> RunAsync(FixtureOptions options, int seed)
    {
        using var fixture = new EngineFixture(s_model, options);
        return await new Forest(fixture.Engine, seed, s_model.VocabSize).RunAsync(trees: 4, operations: 40);
    }

    private static string[] Lines(Observation[][] trees) => [.. trees.SelectMany((tree, t) => tree.Select(seen => $"tree {t}: {seen}"))];
}
