using CudaSearch.Engine;
using CudaSearch.Model;
using CudaSearch.Tests.Model;

namespace CudaSearch.Tests.Engine;

/// <summary>Passes hold the tokens that there are and no others, and a place that becomes free is taken in the next pass.</summary>
public sealed class PackingTests
{
    private static readonly RandomModel s_model = new();

    [Fact]
    public async Task AnswersOfAnyLengthAreScoredInOnePassWithoutPadding()
    {
        int[] lengths = [3, 40, 17, 1, 9, 26];
        using var fixture = new EngineFixture(s_model, new FixtureOptions { Gated = true, MaxRows = 128, Reward = new RewardHead(3, 4), EndTokens = [] });
        using Sequence first = fixture.Engine.CreateSequence([66]);
        fixture.Gate.Close();
        Task<float[]> pass = fixture.RewardAsync(first, 0);
        fixture.Gate.AwaitPass();
        var usage = new Usage();
        Sequence[] answers = [.. lengths.Select((length, i) => fixture.Engine.CreateSequence([.. Enumerable.Range(3 + i, length)], usage: usage))];
        Task<float[]>[] rewards = [.. answers.Select(answer => fixture.RewardAsync(answer, answer.Length - 1))];
        fixture.Gate.Open();
        await pass;
        await Task.WhenAll(rewards);
        Assert.Equal(1, usage.Passes);
        Assert.Equal(lengths.Sum(), usage.ComputedTokens);
        foreach (Sequence answer in answers) answer.Dispose();
    }

    [Fact]
    public async Task TheNextSequenceTakesThePlaceOfOneThatFinished()
    {
        // Four places: 2 4 6 8, and behind each that ends another of 3, which ends after 5, 7, 8 and 9.
        int[] tokens = [2, 4, 6, 8, 3, 3, 3, 3];
        const int Passes = 9;
        using var fixture = new EngineFixture(s_model, new FixtureOptions { Gated = true, MaxRows = 4, EndTokens = [] });
        using Sequence first = fixture.Engine.CreateSequence([66]);
        fixture.Gate.Close();
        Task<GenerationResult> pass = fixture.GenerateAsync(first, new GenerationOptions { MaxTokens = 1 });
        fixture.Gate.AwaitPass();
        Sequence[] beams = [.. tokens.Select((_, i) => fixture.Engine.CreateSequence([3 + i]))];
        Task<GenerationResult>[] written = [.. beams.Zip(tokens, (beam, count) => fixture.GenerateAsync(beam, new GenerationOptions { MaxTokens = count }))];
        fixture.Gate.Open();
        await pass;
        await Task.WhenAll(written);
        Assert.Equal(1 + Passes, fixture.Engine.Passes);
        foreach (Sequence beam in beams) beam.Dispose();
    }
}
