using System.Text.Json;
using CudaSearch.Engine;

namespace CudaSearch.Tests.Engine;

/// <summary>What a trained model writes, against what its float64 reference wrote.</summary>
public sealed class GreedyReferenceTests
{
    [Fact]
    public async Task GreedyGenerationWritesTheRecordedTokens()
    {
        string directory = SharedData.PathOf("models", "stories260K-f32");
        using var fixture = new EngineFixture(directory);
        using JsonDocument reference = JsonDocument.Parse(File.ReadAllText(Path.Combine(directory, "reference.json")));
        // All at once: batching must not change a token. The smallest gap between first and second choice is 0.004, far above our error.
        await Task.WhenAll(reference.RootElement.GetProperty("cases").EnumerateArray().Select(async item =>
        {
            int[] prompt = Ints(item, "prompt_ids"), expected = Ints(item, "greedy_ids");
            using Sequence sequence = fixture.Engine.CreateSequence(prompt);
            var options = new GenerationOptions { Temperature = 0, MaxTokens = expected.Length };
            await fixture.Engine.GenerateAsync(sequence, options, TestContext.Current.CancellationToken);
            Assert.Equal(expected, sequence.Tokens[prompt.Length..].ToArray());
        }));
    }

    [Fact]
    public async Task EveryBeamDrawsItsOwnNumbers()
    {
        using var fixture = new EngineFixture(new Model.RandomModel());
        using Sequence root = fixture.Engine.CreateSequence([3, 5, 7], new RandomStream(Seed: 1, Problem: 2, Beam: 0));
        int[][] drawn = await Task.WhenAll(Enumerable.Range(0, 8).Select(async beam =>
        {
            using Sequence fork = root.Fork(beam);
            await fixture.Engine.GenerateAsync(fork, new GenerationOptions { Temperature = 1, MaxTokens = 12 }, TestContext.Current.CancellationToken);
            return fork.Tokens[3..].ToArray();
        }));
        Assert.Equal(8, drawn.Select(tokens => string.Join(' ', tokens)).Distinct().Count());
    }

    private static int[] Ints(JsonElement item, string name) => [.. item.GetProperty(name).EnumerateArray().Select(id => id.GetInt32())];
}
