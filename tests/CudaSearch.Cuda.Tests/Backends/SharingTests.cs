using CudaSearch.Backends;
using CudaSearch.Model;
using CudaSearch.Tests.Engine;
using CudaSearch.Tests.Model;

namespace CudaSearch.Cuda.Tests.Backends;

/// <summary>On the device too, sharing, batching, pass sizes and want of memory change what an answer costs and nothing else, bit for bit.</summary>
public sealed class SharingTests
{
    private static readonly RandomModel s_model = CudaModels.All["llama, padded throughout"];
    private static readonly FixtureOptions s_plenty = new() { Pages = 512, Reward = new RewardHead(3, 4), EndTokens = [2] };

    [Fact]
    public async Task AnswersInACrowdAreTheAnswersAlone()
    {
        Observation[][] crowd = await RunAsync(s_plenty, operations: 20);
        using EngineFixture alone = CudaModels.OnDevice(s_model, s_plenty with { Share = false });
        foreach (Observation seen in crowd.SelectMany(tree => tree))
            Assert.Equal(seen.ToString(), (await Forest.AskAloneAsync(alone.Engine, seen)).ToString());
    }

    // Keys and values in e4m3 are a function of their token alone, and weights of nothing.
    [Theory]
    [InlineData(64, false, 512)]
    [InlineData(8, true, 512)]
    [InlineData(200, true, Forest.LongestSequence / 16 + 4)]
    public async Task NorDoesItInFp8(int maxRows, bool share, int pages)
    {
        FixtureOptions plenty = s_plenty with { Precision = new(WeightPrecision.Fp8, KvPrecision.Fp8) };
        string[] expected = Lines(await RunAsync(plenty, operations: 12));
        Assert.Equal(expected, Lines(await RunAsync(plenty with { MaxRows = maxRows, Share = share, Pages = pages }, operations: 12)));
        Assert.NotEqual(expected, Lines(await RunAsync(s_plenty, operations: 12)));
    }

    [Theory]
    [InlineData(64, false, 512)]
    [InlineData(8, true, 512)]
    [InlineData(200, true, 512)]
    // One sequence fits and little more: the rest is evicted, set aside and computed again.
    [InlineData(64, true, Forest.LongestSequence / 16 + 4)]
    public async Task NoSettingChangesAnAnswer(int maxRows, bool share, int pages)
    {
        string[] expected = Lines(await RunAsync(s_plenty, operations: 12));
        Assert.Equal(expected, Lines(await RunAsync(s_plenty with { MaxRows = maxRows, Share = share, Pages = pages }, operations: 12)));
    }

    private static async Task<Observation[][]> RunAsync(FixtureOptions options, int operations)
    {
        using EngineFixture fixture = CudaModels.OnDevice(s_model, options);
        return await new Forest(fixture.Engine, seed: 1, s_model.VocabSize).RunAsync(trees: 3, operations);
    }

    private static string[] Lines(Observation[][] trees) => [.. trees.SelectMany((tree, t) => tree.Select(seen => $"tree {t}: {seen}"))];
}
