using CudaSearch.Backends;
using CudaSearch.Backends.Cuda;
using CudaSearch.Engine;

namespace CudaSearch.Cuda.Tests.Kernels;

/// <summary>Where exactly the truncations cut, and what the draw makes of the rest.</summary>
public sealed partial class SampleKernelTests
{
    // Ties everywhere: three at the top, and runs of equals across every cut below.
    private static readonly float[] s_tied =
        [1f, 2f, 0f, 2f, 1f, 1f, -0f, 0f, 2f, 1f, -1f, -1f, -1f, 0.5f, 0.5f, float.NegativeInfinity, 0f, 1f, 0.5f, -1f, 0f, -2f];

    private static readonly float[] s_distinct = [.. Enumerable.Range(0, 44).Select(i => (i * 29 % 44) * 0.07f - 1f)];

    // Keys are chosen so that the last kept token wins the race, and so that the first dropped one would: a cut off by one place shows.
    [Theory]
    [InlineData(true, 1f, 1f, 2, 0f, 2)]
    [InlineData(true, 1f, 1f, 5, 0f, 5)]
    [InlineData(true, 2f, 1f, 8, 0f, 8)]
    [InlineData(true, 1f, 1f, 16, 0f, 16)]
    [InlineData(true, 1f, 0.01f, 0, 0f, 1)]
    [InlineData(true, 1f, 0.3f, 0, 0f, 2)]
    [InlineData(true, 1f, 0.63f, 0, 0f, 6)]
    [InlineData(true, 1f, 0.6f, 5, 0f, 3)]
    [InlineData(true, 1f, 0.97f, 6, 0f, 6)]
    [InlineData(true, 0.5f, 0.999f, 12, 0f, 12)]
    [InlineData(true, 1f, 1f, 0, 1f, 3)]
    [InlineData(true, 1f, 1f, 0, 0.36f, 8)]
    [InlineData(true, 1f, 1f, 4, 0.2f, 4)]
    [InlineData(true, 1f, 0.9f, 12, 0.3f, 8)]
    [InlineData(false, 1f, 1f, 17, 0f, 17)]
    [InlineData(false, 1f, 0.5f, 0, 0f, 10)]
    [InlineData(false, 0.7f, 0.9f, 30, 0f, 20)]
    [InlineData(false, 1f, 1f, 0, 0.5f, 10)]
    public void CutsAtTheRightToken(bool tied, float temperature, float topP, int topK, float minP, int kept)
    {
        float[] logits = tied ? s_tied : s_distinct;
        var reference = new SampleReference(logits, new(temperature, topP, topK, minP, 0f));
        Assert.Equal(kept, reference.Kept);

        var expected = new List<int>();
        var parameters = new List<SamplingParameters>();
        int lastWins = 0, droppedWouldWin = 0;
        for (ulong key = 0; lastWins < 3 || droppedWouldWin < 3; key++)
        {
            Assert.True(key < 20_000, "no key lets these tokens win");
            (int winner, double lead) = reference.Winner(kept, key);
            bool last = lastWins < 3 && winner == reference.Order[kept - 1];
            bool dropped = droppedWouldWin < 3 && reference.Winner(kept + 1, key).Token == reference.Order[kept];
            if (lead < 1e-3 || !(last || dropped)) continue;
            if (last) lastWins++;
            if (dropped) droppedWouldWin++;
            expected.Add(winner);
            parameters.Add(new(temperature, topP, topK, minP, 0f, key));
        }
        Assert.Equal(expected, Run(new SampleKernel(device.Kernels), [logits], [.. parameters], new int[expected.Count]));
    }

    [Theory]
    [InlineData(1f, 1f, 0, 0f, 20_000)]
    [InlineData(0.5f, 1f, 0, 0f, 5_000)]
    [InlineData(3f, 1f, 0, 0f, 5_000)]
    [InlineData(1.2f, 0.8f, 0, 0f, 400)]
    public void DrawsAsOftenAsTheSoftmaxSays(float temperature, float topP, int topK, float minP, int draws)
    {
        float[] logits = [1.5f, -0.5f, 2.25f, 0.25f, 2.25f, float.NegativeInfinity, 0f, 1f, -2f, 0.75f, 1f, -1f];
        var keys = new SamplingParameters[draws];
        for (int i = 0; i < draws; i++) keys[i] = new(temperature, topP, topK, minP, 0f, Philox.Draw(11, 0, 0, i).Key);
        var reference = new SampleReference(logits, keys[0]);
        int[] kept = reference.Order[..reference.Kept];
        double total = kept.Sum(reference.Weight), chiSquare = 0;

        ILookup<int, int> counts = Run(new SampleKernel(device.Kernels), [logits], keys, new int[draws]).ToLookup(token => token);

        Assert.Equal(draws, kept.Sum(token => counts[token].Count()));
        foreach (int token in kept)
        {
            double expected = reference.Weight(token) / total * draws;
            chiSquare += Math.Pow(counts[token].Count() - expected, 2) / expected;
        }
        int freedom = kept.Length - 1;
        Assert.InRange(chiSquare, 0, freedom + 5 * Math.Sqrt(2 * freedom));
    }
}
