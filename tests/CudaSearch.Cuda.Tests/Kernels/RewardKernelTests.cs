using System.Runtime.InteropServices;
using CudaSearch.Backends;
using CudaSearch.Backends.Cuda;
using CudaSearch.Cuda.Tests.Support;

namespace CudaSearch.Cuda.Tests.Kernels;

public sealed class RewardKernelTests(DeviceFixture device)
{
    private const int Vocabulary = 20, Positive = 19, Negative = 4;

    private static readonly RewardRows s_tokens = new(Positive, Negative);

    // Rows that a launch may have beyond those of the pass: they must stay as they are.
    private const int Spare = 2;

    private static readonly int[] s_rewarded = [3, 0, 4];

    // From even rewards to differences of thousands, where one side's exponential overflows and the other's vanishes.
    [Theory]
    [InlineData(64, 0.1f)]
    [InlineData(128, 1f)]
    [InlineData(192, 3f)]
    [InlineData(2048, 1f)]
    [InlineData(2112, 0.2f)]
    [InlineData(64, 30f)]
    [InlineData(64, 2000f)]
    public void IsTheSoftmaxOfTwoRowsOfTheHead(int columns, float scale) => Check(columns, scale, s_tokens);

    // A value head, a classifier and one behind a rectified layer, each with a bias.
    [Theory]
    [InlineData(64, 0, null, 0.75f, false)]
    [InlineData(448, 0, null, -3f, false)]
    [InlineData(448, 1, 0, 1.5f, false)]
    [InlineData(448, 1, 0, -0.5f, true)]
    [InlineData(2112, 1, 0, 0f, true)]
    [InlineData(192, 0, null, 2f, true)]
    public void IsAlsoWhatOtherHeadsSay(int columns, int positive, int? negative, float bias, bool rectify) =>
        Check(columns, 0.5f, new RewardRows(positive, negative, bias, rectify));

    // Logits are given by hidden states that hold them in three bf16 parts; the head's rows add these up.
    [Theory]
    [InlineData(RewardRounding.BFloat16)]
    [InlineData(RewardRounding.Float16)]
    public void LogitsAndRewardsAreRounded(RewardRounding rounding)
    {
        const int Columns = 64;
        var random = new Random(9);
        List<(float Positive, float Negative)> logits =
            [(3.14159f, 0f), (5.6f, 0f), (5.8f, 0f), (6.3f, 0f), (9f, 0f), (20.06f, 18.94f), (20.0625f, 19f), (-20.06f, -18.94f), (0f, 12f), (1e-7f, 3e-8f), (-16f, 0f), (7e4f, 7.1e4f)];
        for (int i = 0; i < 200; i++) logits.Add((Draw(), Draw()));
        var hidden = new ushort[logits.Count * Columns];
        var head = new ushort[Vocabulary * Columns];
        for (int part = 0; part < 3; part++) head[(Positive * Columns) + part] = head[(Negative * Columns) + 3 + part] = Rounding.ToBf16(1f);
        for (int i = 0; i < logits.Count; i++)
        {
            Split(logits[i].Positive).CopyTo(hidden, i * Columns);
            Split(logits[i].Negative).CopyTo(hidden, (i * Columns) + 3);
        }

        float[] rewards = Rewards(hidden, head, [.. Enumerable.Range(0, logits.Count)], s_tokens with { Bias = 0.25f, NegativeBias = 0.25f, Rounding = rounding });

        for (int i = 0; i < rewards.Length; i++)
        {
            double difference = (double)Round(logits[i].Positive + 0.25f) - Round(logits[i].Negative + 0.25f);
            double exact = double.IsNaN(difference) ? double.NaN : 1 / (1 + Math.Exp(-difference));
            // Right is what the exact reward rounds to, and where that is nearly between two, either.
            Assert.True(
                rewards[i].Equals(Round((float)(exact * (1 - 1e-6)))) || rewards[i].Equals(Round((float)(exact * (1 + 1e-6)))),
                $"{logits[i]}: {rewards[i]} is not {exact} rounded");
        }

        float Draw() => (random.NextSingle() - 0.5f) * MathF.Pow(2, random.Next(-4, 6));

        float Round(float value) => rounding == RewardRounding.Float16 ? (float)(Half)value : float.IsNaN(value) ? value : Rounding.FromBf16(Rounding.ToBf16(value));

        static ushort[] Split(float value)
        {
            var parts = new ushort[3];
            for (int part = 0; part < 3; part++) value -= Rounding.FromBf16(parts[part] = Rounding.ToBf16(value));
            return parts;
        }
    }

    private void Check(int columns, float scale, RewardRows rows)
    {
        var random = new Random(columns);
        ushort[] hidden = Rounding.Random(random, 5 * columns, scale), head = Rounding.Random(random, Vocabulary * columns);

        byte[] output = Schedules.Run(() => Run(new RewardKernel(device.Kernels), hidden, head, s_rewarded, columns, rows));

        ReadOnlySpan<float> rewards = MemoryMarshal.Cast<byte, float>(output);
        int wrong = 0;
        for (int i = 0; i < s_rewarded.Length; i++)
        {
            double difference = rows.Bias - rows.NegativeBias, magnitude = Math.Abs(rows.Bias) + Math.Abs(rows.NegativeBias);
            for (int j = 0; j < columns; j++)
            {
                double plus = Rounding.FromBf16(head[rows.Positive * columns + j]);
                double minus = rows.Negative is { } negative ? Rounding.FromBf16(head[negative * columns + j]) : 0;
                double x = Rounding.FromBf16(hidden[s_rewarded[i] * columns + j]);
                double product = (rows.Rectify ? Math.Max(x, 0) : x) * (plus - minus);
                difference += product;
                magnitude += Math.Abs(product);
            }
            double expected = 1 / (1 + Math.Exp(-difference));
            // The sum's rounding errors move the reward as far as its slope says; the sigmoid adds a few of its own.
            double tolerance = magnitude * 1e-6 * expected * (1 - expected) + 1e-6;
            if (!(Math.Abs(rewards[i] - expected) <= tolerance)) wrong++;
        }
        Assert.Equal(0, wrong);
        Assert.All(output[(s_rewarded.Length * sizeof(float))..], spare => Assert.Equal(0xFF, spare));
    }

    [Fact]
    public void NeverLeavesTheUnitInterval()
    {
        ushort[] hidden = [.. Enumerable.Repeat(Rounding.ToBf16(1e30f), 64), .. Enumerable.Repeat(Rounding.ToBf16(-1e30f), 64)];
        var head = new ushort[Vocabulary * 64];
        head.AsSpan(Positive * 64, 64).Fill(Rounding.ToBf16(1e8f));
        Assert.Equal([1f, 0f], Rewards(hidden, head, [0, 1]));

        head.AsSpan(Negative * 64, 64).Fill(Rounding.ToBf16(1e8f));
        Assert.Equal([0.5f, 0.5f], Rewards(hidden, head, [0, 1]));
    }

    [Fact]
    public void ShowsThatAHiddenStateIsNotANumber()
    {
        ushort[] hidden = Rounding.Random(new Random(2), 2 * 64), head = Rounding.Random(new Random(3), Vocabulary * 64);
        hidden[70] = 0x7FC0;
        float[] rewards = Rewards(hidden, head, [0, 1]);
        Assert.InRange(rewards[0], 0f, 1f);
        Assert.True(float.IsNaN(rewards[1]));
        Assert.True(float.IsNaN(Rewards(hidden, head, [1], s_tokens with { Rectify = true })[0]));
    }

    [Fact]
    public void ARowComesOutTheSameAloneAndAmongOthers()
    {
        ushort[] hidden = Rounding.Random(new Random(5), 6 * 448), head = Rounding.Random(new Random(6), Vocabulary * 448);
        int[] rows = [5, 4, 3, 2, 1, 0];
        byte[] together = Run(new RewardKernel(device.Kernels), hidden, head, rows, 448);
        for (int i = 0; i < rows.Length; i++)
        {
            byte[] alone = Run(new RewardKernel(device.Kernels), hidden[(rows[i] * 448)..((rows[i] + 1) * 448)], head, [0], 448);
            Assert.Equal(together[(i * sizeof(float))..((i + 1) * sizeof(float))], alone[..sizeof(float)]);
        }
    }

    [Theory]
    [InlineData("no_barrier")]
    [InlineData("no_bound")]
    public void CatchesABrokenKernel(string what)
    {
        ushort[] hidden = Rounding.Random(new Random(7), 2 * 704), head = Rounding.Random(new Random(8), Vocabulary * 704);
        byte[] right = Run(new RewardKernel(device.Kernels), hidden, head, [1], 704);
        Mutation.RequireCaught(device, () =>
        {
            using CudaModule module = device.LoadMutation($"reward_{what}");
            return Run(new RewardKernel(module.GetKernel<RewardKernel.Arguments>("reward_bf16")), hidden, head, [1], 704);
        }, right);
    }

    private float[] Rewards(ushort[] hidden, ushort[] head, int[] rewarded, RewardRows? rows = null) =>
        MemoryMarshal.Cast<byte, float>(Run(new RewardKernel(device.Kernels), hidden, head, rewarded, 64, rows))[..rewarded.Length]
            .ToArray();

    private byte[] Run(RewardKernel kernel, ushort[] hidden, ushort[] head, int[] rewarded, int columns, RewardRows? rows = null)
    {
        int capacity = rewarded.Length + Spare;
        using CudaDeviceVariable<int> pass = device.Upload<int>(new RowPass { RewardedOutputs = rewarded }.ToWords());
        using CudaDeviceVariable<ushort> states = device.Upload<ushort>(hidden);
        using CudaDeviceVariable<ushort> matrix = device.Upload<ushort>(head);
        using CudaDeviceVariable<float> rewards = device.Poisoned<float>(capacity);
        kernel.Launch(
            device.Stream, capacity, pass.Pointer, states.Pointer, matrix.Pointer, rows ?? s_tokens, columns, rewards.Pointer);
        device.Stream.Synchronize();
        return MemoryMarshal.AsBytes<float>(device.Download(rewards)).ToArray();
    }
}
