using CudaSearch.Search;
using CudaSearch.Tests.Checkpoints;
using static CudaSearch.Tests.Search.FakeModel;

namespace CudaSearch.Tests.Search;

/// <summary>The pilot's mean reward decides the strategy, and nothing is written twice.</summary>
public sealed class ComputeOptimalSearchTests
{
    // Ease of at least 0.7: sampling; at least 0.3: beam search; below: DVTS.
    private static readonly ComputeOptimalPolicy s_policy = new(
        pilot: 2, [0.7, 0.3], new Dictionary<int, IReadOnlyList<PolicyChoice>> { [4] = [new("best-of-n", 1), new("beam", 2), new("dvts", 4)] });

    [Fact]
    public async Task AnEasyProblemGoesOnSamplingFromLaterStreams()
    {
        var model = new FakeModel(End("a9"), End("b5"), End("c1"), End("d2"));
        SearchResult result = await model.SearchAsync(new ComputeOptimalSearch(), new() { N = 4, Policy = s_policy });
        Assert.Equal(["a9", "b5", "c1", "d2"], result.Completions.Select(completion => completion.Text));
        Assert.Equal([0, 1, 2, 3], model.Requests.Select(request => request.Beam));
        Assert.Equal(0, result.Best);
        Assert.Equal((0, 0), (model.LiveBranches, model.LiveVerifications));
    }

    [Theory]
    [InlineData("4", "4", "beam")]
    [InlineData("1", "2", "dvts")]
    public async Task AHarderProblemIsHandedToItsStrategy(string first, string second, string strategy)
    {
        GeneratedText[] pilot = [End("p" + first), End("q" + second)];
        GeneratedText[] whole = [.. pilot, .. Enumerable.Range(0, 40).Select(i => End($"s{i % 10}"))];
        var model = new FakeModel(whole);
        SearchResult result = await model.SearchAsync(new ComputeOptimalSearch(), new() { N = 4, Policy = s_policy });
        // The same strategy on its own, told the same things after the pilot.
        var alone = new FakeModel(whole[2..]);
        int width = strategy == "beam" ? 2 : 4;
        SearchResult expected = await alone.SearchAsync(SearchStrategies.Create(strategy), new() { N = 4, BeamWidth = width });
        Assert.Equal(expected.Completions.Select(completion => completion.Text), result.Completions.Select(completion => completion.Text));
        Assert.Equal(alone.Requests.Select(request => request.Beam + 2), model.Requests.Skip(2).Select(request => request.Beam));
    }

    [Fact]
    public async Task WithoutAPolicyItSaysHowToGetOne()
    {
        var model = new FakeModel(End("a"));
        CudaSearchException refused = await Assert.ThrowsAsync<CudaSearchException>(() => model.SearchAsync(new ComputeOptimalSearch(), new()));
        Assert.Contains("--save-policy", refused.Message, StringComparison.Ordinal);
        Assert.Empty(model.Requests);
    }

    [Fact]
    public void ANearbyBudgetServesWhereTheOwnIsUnknown()
    {
        var policy = new ComputeOptimalPolicy(1, [], new Dictionary<int, IReadOnlyList<PolicyChoice>> { [4] = [new("beam", 4)], [16] = [new("dvts", 4)] });
        Assert.Equal(["beam", "beam", "beam", "dvts", "dvts"], new[] { 1, 4, 15, 16, 99 }.Select(n => policy.For(n)[0].Strategy));
    }

    [Fact]
    public void APolicyIsReadAsItWasWritten()
    {
        using var folder = new TempFolder();
        string path = folder.File("policy.json");
        File.WriteAllText(path, s_policy.Text);
        Assert.Equal(s_policy.Text, ComputeOptimalPolicy.Load(path).Text);
        foreach (string broken in new[] { "", "{}", s_policy.Text.Replace("[0.7,0.3]", "[0.7]"), s_policy.Text.Replace("\"pilot\":2", "\"pilot\":0"), s_policy.Text.Replace("\"dvts\"", "4") })
        {
            File.WriteAllText(path, broken);
            Assert.Contains(path, Assert.Throws<CudaSearchException>(() => ComputeOptimalPolicy.Load(path)).Message, StringComparison.Ordinal);
        }
        Assert.Throws<CudaSearchException>(() => ComputeOptimalPolicy.Load(folder.File("absent.json")));
    }
}
