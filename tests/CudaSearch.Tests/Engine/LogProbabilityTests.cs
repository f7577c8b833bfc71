using CudaSearch.Engine;
using CudaSearch.Tests.Model;

namespace CudaSearch.Tests.Engine;

/// <summary>The log-probabilities that generations report, against a slow softmax over the logits that the model gives for each position.</summary>
public sealed class LogProbabilityTests
{
    public static TheoryData<GenerationOptions> Kinds =>
    [
        new GenerationOptions { Temperature = 0 }, new GenerationOptions { Temperature = 1 }, new GenerationOptions { Temperature = 2.5f },
        new GenerationOptions { Temperature = 0.7f, TopP = 0.5f }, new GenerationOptions { TopK = 3, MinP = 0.1f },
    ];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task TheyAreOfTheModelItselfHoweverTheTokensWereDrawn(GenerationOptions options)
    {
        using var fixture = new EngineFixture(new RandomModel(), new FixtureOptions { EndTokens = [] });
        using Sequence sequence = fixture.Engine.CreateSequence([3, 5, 7], new RandomStream(Seed: 4, Problem: 5, Beam: 6));
        GenerationResult result = await fixture.GenerateAsync(sequence, options with { MaxTokens = 20, WithLogProbability = true });
        double expected = 0;
        for (int length = 3; length < sequence.Length; length++)
        {
            float[] logits = await fixture.LogitsAloneAsync([.. sequence.Tokens[..length]]);
            double total = logits.Sum(logit => Math.Exp(logit));
            expected += logits[sequence.Tokens[length]] - Math.Log(total);
        }
        Assert.True(result.LogProbability < -1, "a random model is sure of nothing");
        Assert.Equal(expected, result.LogProbability, 1e-3);
    }

    [Fact]
    public async Task TheEndTokenCountsThoughItIsNotAppended()
    {
        float[] logits;
        using (var any = new EngineFixture(new RandomModel(), new FixtureOptions { EndTokens = [] })) logits = await any.LogitsAloneAsync(3, 5, 7);
        int best = Array.IndexOf(logits, logits.Max());
        using var fixture = new EngineFixture(new RandomModel(), new FixtureOptions { EndTokens = [best] });
        using Sequence sequence = fixture.Engine.CreateSequence([3, 5, 7]);
        GenerationResult result = await fixture.GenerateAsync(sequence, new GenerationOptions { Temperature = 0, WithLogProbability = true });
        Assert.Equal((3, 1), (sequence.Length, result.GeneratedTokens));
        Assert.Equal(logits[best] - Math.Log(logits.Sum(logit => Math.Exp(logit))), result.LogProbability, 1e-5);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task AskingForThemChangesNoDrawAndNotAskingGivesNone(GenerationOptions options)
    {
        using var fixture = new EngineFixture(new RandomModel(), new FixtureOptions { EndTokens = [] });
        (int[] without, double none) = await DrawAsync(options);
        (int[] with, double some) = await DrawAsync(options with { WithLogProbability = true });
        Assert.Equal(without, with);
        Assert.Equal(0, none);
        Assert.NotEqual(0, some);

        async Task<(int[] Tokens, double LogProbability)> DrawAsync(GenerationOptions how)
        {
            using Sequence sequence = fixture.Engine.CreateSequence([3, 5, 7], new RandomStream(Seed: 4, Problem: 5, Beam: 6));
            GenerationResult result = await fixture.GenerateAsync(sequence, how with { MaxTokens = 40 });
            return (sequence.Tokens.ToArray(), result.LogProbability);
        }
    }

    // Both kinds of requests share passes: nobody may read another's number.
    [Fact]
    public async Task TheyDoNotDependOnWhatElseIsInTheBatch()
    {
        using var fixture = new EngineFixture(new RandomModel(), new FixtureOptions { EndTokens = [] });
        using Sequence root = fixture.Engine.CreateSequence([3, 5, 7], new RandomStream(Seed: 1, Problem: 2, Beam: 0));
        double[] together = await Task.WhenAll(Enumerable.Range(0, 8).Select(beam => DrawAsync(beam, wanted: beam % 3 != 1)));
        for (int beam = 0; beam < together.Length; beam++) Assert.Equal(await DrawAsync(beam, wanted: beam % 3 != 1), together[beam]);

        async Task<double> DrawAsync(int beam, bool wanted)
        {
            using Sequence fork = root.Fork(beam);
            var options = new GenerationOptions { Temperature = 1, MaxTokens = 12 + beam, WithLogProbability = wanted };
            double sum = (await fixture.GenerateAsync(fork, options)).LogProbability;
            Assert.Equal(wanted, sum != 0);
            return sum;
        }
    }
}
