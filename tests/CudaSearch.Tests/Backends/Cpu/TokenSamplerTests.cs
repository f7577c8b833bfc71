using CudaSearch.Backends;
using CudaSearch.Engine;
using TokenSampler = CudaSearch.Backends.Cpu.TokenSampler<CudaSearch.Backends.Cpu.Lanes256>;

namespace CudaSearch.Tests.Backends.Cpu;

public sealed class TokenSamplerTests
{
    private const int Draws = 200_000;

    // Two equal ones at the edge of several truncations, one impossible token.
    private static readonly float[] s_logits = [1.5f, -0.5f, 2.25f, 0.25f, 2.25f, float.NegativeInfinity, 0f, 1f, -3f, 0.75f, 1f, -1f];

    [Theory]
    [InlineData(1f, 1f, 0, 0f)]
    [InlineData(0.6f, 1f, 0, 0f)]
    [InlineData(2.5f, 1f, 0, 0f)]
    [InlineData(1f, 1f, 5, 0f)]
    [InlineData(1f, 0.7f, 0, 0f)]
    [InlineData(1f, 0.999f, 0, 0f)]
    [InlineData(1f, 1f, 0, 0.2f)]
    [InlineData(1.3f, 0.8f, 7, 0f)]
    [InlineData(0.8f, 0.9f, 9, 0.15f)]
    [InlineData(1f, 1f, 100, 1f)]
    public void DrawsAsOftenAsTheExactProbabilitiesSay(float temperature, float topP, int topK, float minP)
    {
        double[] probabilities = Exact(temperature, topP, topK, minP);
        var sampler = new TokenSampler();
        int[] counts = new int[s_logits.Length];
        for (int i = 0; i < Draws; i++)
            counts[sampler.Draw(s_logits, new SamplingParameters(temperature, topP, topK, minP, Philox.Uniform(11, 0, 0, i)))]++;
        double chiSquare = 0;
        int kept = 0;
        for (int i = 0; i < counts.Length; i++)
        {
            if (probabilities[i] == 0)
            {
                Assert.Equal(0, counts[i]);
                continue;
            }
            kept++;
            double expected = probabilities[i] * Draws;
            chiSquare += (counts[i] - expected) * (counts[i] - expected) / expected;
        }
        int freedom = kept - 1;
        Assert.InRange(chiSquare, 0, freedom + 5 * Math.Sqrt(2 * freedom) + 1e-9);
    }

    [Fact]
    public void GreedyTakesTheFirstOfEqualMaxima()
    {
        var sampler = new TokenSampler();
        Assert.Equal(2, sampler.Draw(s_logits, new SamplingParameters(0f, 0.5f, 3, 0.1f, 0.99f)));
        Assert.Equal(2, sampler.Draw(s_logits, new SamplingParameters(1f, 1f, 1, 0f, 0.99f)));
        Assert.Equal(2, sampler.Draw(s_logits, new SamplingParameters(1e-3f, 1f, 0, 0f, 0.4f)));
        Assert.Equal(4, sampler.Draw(s_logits, new SamplingParameters(1e-3f, 1f, 0, 0f, 0.6f)));
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(0.9999999f)]
    public void TheEndsOfTheUniformIntervalDrawPossibleTokens(float uniform)
    {
        var sampler = new TokenSampler();
        foreach (float temperature in new[] { float.Epsilon, 1e-30f, 0.01f, 1f, 1e30f, float.MaxValue })
        {
            int token = sampler.Draw(s_logits, new SamplingParameters(temperature, 1f, 0, 0f, uniform));
            Assert.True(s_logits[token] > float.NegativeInfinity, $"temperature {temperature} drew the impossible token {token}");
            if (temperature < 1e-3f) Assert.Contains(token, (int[])[2, 4]);
        }
    }

    // A draw is a function of its row and its number, not of what the sampler did before.
    [Fact]
    public void RemembersNothing()
    {
        var used = new TokenSampler();
        var random = new Random(3);
        for (int i = 0; i < 300; i++)
        {
            float[] logits = [.. Enumerable.Range(0, random.Next(1, 40)).Select(_ => 4 * random.NextSingle())];
            var parameters = new SamplingParameters(random.NextSingle() * 2, 1 - random.NextSingle(), random.Next(10), random.NextSingle(), random.NextSingle());
            Assert.Equal(new TokenSampler().Draw(logits, parameters), used.Draw(logits, parameters));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(404)]
    [InlineData(5003)]
    public void LogProbabilitiesAreThoseOfASlowSoftmax(int vocabulary)
    {
        var random = new Random(vocabulary);
        float[] logits = [.. Enumerable.Range(0, vocabulary).Select(_ => (30 * random.NextSingle() * random.NextSingle()) - 10)];
        if (vocabulary > 1) logits[vocabulary / 2] = float.NegativeInfinity;
        double total = logits.Sum(logit => Math.Exp(logit));
        foreach (int token in (int[])[0, vocabulary / 3, vocabulary - 1])
            Assert.Equal(logits[token] - Math.Log(total), TokenSampler.LogProbability(logits, token), 2e-6 * Math.Max(1, Math.Abs(logits[token])));
    }

    // What every probability but one is too small to be seen beside, and what no probability can be told of.
    [Fact]
    public void LogProbabilitiesOfExtremeRowsAreWhatTheyShouldBe()
    {
        Assert.Equal(0f, TokenSampler.LogProbability([1e30f, -1e30f, 0f], 0));
        Assert.Equal(-1e30f, TokenSampler.LogProbability([1e30f, -1e30f, 0f], 2));
        Assert.Equal(0f, TokenSampler.LogProbability([0f, float.PositiveInfinity, 0f], 1));
        Assert.Equal(0f, TokenSampler.LogProbability([float.NegativeInfinity, float.NegativeInfinity], 0));
        Assert.Equal(-MathF.Log(3), TokenSampler.LogProbability([-88f, -88f, -88f], 1), 1e-6f);
    }

    // Vocabularies of many blocks: truncations against a full sort, and each draw against the cumulative sum in double precision.
    [Theory]
    [InlineData(1f, 0)]
    [InlineData(0.9f, 0)]
    [InlineData(0.999f, 0)]
    [InlineData(1f, 40)]
    [InlineData(0.95f, 300)]
    public void LargeVocabulariesAreDrawnFromInTokenOrder(float topP, int topK)
    {
        var random = new Random(topK + 1);
        var sampler = new TokenSampler();
        for (int round = 0; round < 20; round++)
        {
            // From flat to steep, so that few or nearly all tokens hold the mass.
            float steepness = round;
            float[] logits = [.. Enumerable.Range(0, 3001).Select(_ => steepness * random.NextSingle())];
            double[] exact = Exact(logits, 0.9f, topP, topK, 0f);
            float uniform = random.NextSingle();
            int token = sampler.Draw(logits, new SamplingParameters(0.9f, topP, topK, 0f, uniform));
            double before = exact.Take(token).Sum();
            Assert.True(exact[token] > 0);
            Assert.InRange(uniform, before - 1e-5, before + exact[token] + 1e-5);
        }
    }

    private static double[] Exact(float temperature, float topP, int topK, float minP) => Exact(s_logits, temperature, topP, topK, minP);

    private static double[] Exact(float[] logits, float temperature, float topP, int topK, float minP)
    {
        double max = logits.Max();
        double[] weights = [.. logits.Select(l => Math.Exp((l - max) / temperature))];
        int[] order = [.. Enumerable.Range(0, weights.Length).OrderByDescending(i => weights[i]).ThenBy(i => i)];
        if (topK > 0) order = [.. order.Take(topK)];
        double total = order.Sum(i => weights[i]), before = 0;
        var kept = new List<int>();
        foreach (int i in order)
        {
            if (before >= topP * total) break;
            before += weights[i];
            if (weights[i] >= minP && weights[i] > 0) kept.Add(i);
        }
        double sum = kept.Sum(i => weights[i]);
        HashSet<int> set = [.. kept];
        return [.. weights.Select((w, i) => set.Contains(i) ? w / sum : 0)];
    }
}
