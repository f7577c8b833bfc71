using CudaSearch.Backends;
using CudaSearch.Backends.Cuda;

namespace CudaSearch.Cuda.Tests.Kernels;

/// <summary>Numbers at the ends of their range, rows that are broken, and kernels that are.</summary>
public sealed partial class SampleKernelTests
{
    private static readonly SamplingParameters[] s_kinds =
    [
        s_greedy, new(1f, 1f, 1, 0f, 0f, 7), new(1f, 1f, 0, 0f, 0f, 7), new(1f, 1f, 3, 0f, 0f, 7), new(1f, 0.5f, 0, 0f, 0f, 7),
        new(1f, 1f, 0, 0.5f, 0f, 7), new(0.7f, 0.9f, 5, 0.1f, 0f, 7),
    ];

    [Theory]
    [InlineData(1e30f, -1e30f, 0f)]
    [InlineData(-1e30f, float.NegativeInfinity, -3.4e38f)]
    [InlineData(3.4e38f, 1e38f, -3.4e38f)]
    [InlineData(float.PositiveInfinity, 1e30f, float.NegativeInfinity)]
    [InlineData(0f, float.NegativeInfinity, float.NegativeInfinity)]
    public void AnOverwhelmingLogitIsAlwaysDrawn(float top, float low, float lowest)
    {
        float[] logits = [low, lowest, low, low, lowest, top, low, lowest, lowest];
        Assert.All(DrawAllKinds(logits), token => Assert.Equal(5, token));
    }

    [Fact]
    public void OfTokensThatAreAllImpossibleTheFirstIsDrawn() =>
        Assert.All(DrawAllKinds([.. Enumerable.Repeat(float.NegativeInfinity, 9)]), token => Assert.Equal(0, token));

    [Fact]
    public void OfSeveralInfiniteLogitsTheFirstIsDrawn()
    {
        float[] logits = [0f, 1f, 2f, 3f, 4f, float.PositiveInfinity, float.PositiveInfinity, 0f, float.PositiveInfinity];
        Assert.All(DrawAllKinds(logits), token => Assert.Equal(5, token));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(2, 9)]
    [InlineData(8, 9)]
    [InlineData(0, 300)]
    [InlineData(299, 300)]
    public void ARowWithANaNIsReported(int place, int vocabulary)
    {
        float[] logits = RandomLogits(vocabulary, 3);
        if (vocabulary > 1) logits[vocabulary / 2] = float.PositiveInfinity;
        logits[place] = float.NaN;
        Assert.All(DrawAllKinds(logits), token => Assert.Equal(SampleKernel.NotANumber, token));
    }

    [Fact]
    public void ABrokenRowLeavesTheOthersAlone()
    {
        float[] row = RandomLogits(100, 4), broken = RandomLogits(100, 5);
        broken[50] = float.NaN;
        foreach (SamplingParameters kind in s_kinds)
        {
            int alone = Draw([row], [kind])[0];
            Assert.Equal([alone, SampleKernel.NotANumber, alone], Draw([row, broken, row], [kind, kind, kind]));
        }
    }

    // So cold that only the largest logits remain; so hot that all possible tokens are alike.
    [Fact]
    public void TemperaturesMayBeExtreme()
    {
        float[] logits = [1.5f, 2.25f, 0f, 2.25f, float.NegativeInfinity, -1f];
        foreach (float temperature in new[] { float.Epsilon, 1e-38f, 1e-30f, 1e-4f })
        {
            foreach (SamplingParameters kind in s_kinds)
            {
                int[] tokens = DrawMany(kind, temperature);
                Assert.Contains(1, tokens);
                Assert.All(tokens, token => Assert.Contains(token, (int[])[1, 3]));
            }
        }
        foreach (float temperature in new[] { 1e30f, float.MaxValue })
        {
            foreach (SamplingParameters kind in s_kinds) Assert.DoesNotContain(4, DrawMany(kind, temperature));
            Assert.Equal([0, 1, 2, 3, 5], DrawMany(s_kinds[2], temperature).Distinct().Order());
        }

        int[] DrawMany(SamplingParameters kind, float temperature)
        {
            bool greedy = kind.Temperature == 0f;
            SamplingParameters[] parameters =
                [.. Enumerable.Range(0, 40).Select(i => kind with { Temperature = greedy ? 0f : temperature, Key = (ulong)i << 20 })];
            return Run(new SampleKernel(device.Kernels), [logits], parameters, new int[40]);
        }
    }

    [Theory]
    [InlineData("no_bound")]
    [InlineData("no_leader_barrier")]
    [InlineData("no_clear_barrier")]
    [InlineData("no_fill_barrier")]
    [InlineData("no_group_barrier")]
    [InlineData("no_digit_barrier")]
    [InlineData("no_total_clear_barrier")]
    [InlineData("no_total_barrier")]
    [InlineData("all_ties")]
    [InlineData("padding")]
    [InlineData("same_noise")]
    public void CatchesABrokenKernel(string what)
    {
        float[] logits = [.. RandomLogits(401, 6).Select(logit => MathF.Round(logit))];
        SamplingParameters[] parameters =
            [.. Enumerable.Range(0, 12).Select(i => new SamplingParameters(3f, 0.8f, 50, 0.01f, 0f, (ulong)i))];
        byte[] right = Bytes(Run(new SampleKernel(device.Kernels), [logits], parameters, new int[12]));
        Mutation.RequireCaught(device, () =>
        {
            using CudaModule module = device.LoadMutation($"sample_{what}");
            var kernel = new SampleKernel(module.GetKernel<SampleKernel.Arguments>("sample_f32"));
            return Bytes(Run(kernel, [logits], parameters, new int[12]));
        }, right);
    }

    private int[] DrawAllKinds(float[] logits)
    {
        float[][] rows = [.. s_kinds.Select(_ => logits)];
        return Draw(rows, s_kinds);
    }
}
