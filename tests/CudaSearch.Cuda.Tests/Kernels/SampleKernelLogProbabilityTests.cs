using System.Runtime.InteropServices;
using CudaSearch.Backends;
using CudaSearch.Backends.Cuda;
using CudaSearch.Cuda.Tests.Support;

namespace CudaSearch.Cuda.Tests.Kernels;

/// <summary>The log-probability of the drawn token, against a softmax in double precision; and that asking for it changes no draw.</summary>
public sealed partial class SampleKernelTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(404)]
    [InlineData(1001)]
    [InlineData(32003)]
    public void TellsTheLogProbabilityOfWhatItDraws(int vocabulary)
    {
        float[] logits = RandomLogits(vocabulary, vocabulary);
        if (vocabulary > 3) logits[2] = float.NegativeInfinity;
        float[][] rows = [.. s_kinds.Select(_ => logits)];
        int[] all = [.. Enumerable.Range(0, rows.Length)];
        int[] without = Draw(rows, s_kinds);

        byte[] output = Schedules.Run(() =>
        {
            (int[] tokens, float[] told) = RunBoth(new SampleKernel(device.Kernels), rows, [.. s_kinds.Select(Wanting)], all);
            Assert.Equal(without, tokens);
            return MemoryMarshal.AsBytes<float>(told).ToArray();
        });

        float[] logProbabilities = MemoryMarshal.Cast<byte, float>(output).ToArray();
        double total = Math.Log(logits.Sum(logit => Math.Exp(logit)));
        for (int i = 0; i < rows.Length; i++) Assert.Equal(logits[without[i]] - total, logProbabilities[i], 4e-6);
    }

    [Fact]
    public void TellsItOnlyWhereItIsWanted()
    {
        float[][] rows = [RandomLogits(100, 1), RandomLogits(100, 2), RandomLogits(100, 3)];
        SamplingParameters draw = new(1f, 0.9f, 0, 0f, 0f, 5);
        float[] told = RunBoth(new SampleKernel(device.Kernels), rows, [Wanting(draw), draw, Wanting(s_greedy)], [0, 1, 2]).LogProbabilities;
        Assert.Equal([true, false, true], told.Select(value => !float.IsNaN(value)));
    }

    // One token that is certain, one beside which the others vanish, and rows without a largest finite logit.
    [Theory]
    [InlineData(new[] { 1e30f, -1e30f, 0f }, 0f)]
    [InlineData(new[] { 0f, -200f, float.NegativeInfinity }, 0f)]
    [InlineData(new[] { -3e38f, float.NegativeInfinity, float.NegativeInfinity }, 0f)]
    [InlineData(new[] { float.PositiveInfinity, 0f, 0f }, 0f)]
    [InlineData(new[] { float.NegativeInfinity, float.NegativeInfinity, float.NegativeInfinity }, 0f)]
    [InlineData(new[] { -1e4f, -1e4f, -1e4f }, -1.0986123f)]
    public void ExtremeRowsHaveFiniteLogProbabilities(float[] logits, float expected) =>
        Assert.Equal(expected, RunBoth(new SampleKernel(device.Kernels), [logits], [Wanting(s_greedy)], [0]).LogProbabilities[0], 1e-6f);

    [Theory]
    [InlineData("no_sum_clear_barrier")]
    [InlineData("no_sum_barrier")]
    public void CatchesABrokenLogProbability(string what)
    {
        float[] logits = RandomLogits(401, 6);
        SamplingParameters[] parameters = [.. Enumerable.Range(0, 12).Select(i => Wanting(new(3f, 0.8f, 50, 0.01f, 0f, (ulong)i)))];
        byte[] right = Both(new SampleKernel(device.Kernels));
        Mutation.RequireCaught(device, () =>
        {
            using CudaModule module = device.LoadMutation($"sample_{what}");
            return Both(new SampleKernel(module.GetKernel<SampleKernel.Arguments>("sample_f32")));
        }, right);

        byte[] Both(SampleKernel kernel)
        {
            (int[] tokens, float[] told) = RunBoth(kernel, [logits], parameters, new int[12]);
            return [.. Bytes(tokens), .. MemoryMarshal.AsBytes<float>(told)];
        }
    }

    private static SamplingParameters Wanting(SamplingParameters parameters) => parameters with { WantsLogProbability = true };
}
