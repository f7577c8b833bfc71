using System.Runtime.InteropServices;
using CsCheck;
using CudaSearch.Backends;
using CudaSearch.Backends.Cuda;
using CudaSearch.Cuda.Tests.Support;

namespace CudaSearch.Cuda.Tests.Kernels;

public sealed partial class SampleKernelTests(DeviceFixture device)
{
    // Rows that a launch may have beyond those of the pass: they must stay as they are.
    private const int Spare = 2;

    private static readonly SamplingParameters s_greedy = new(0f, 1f, 0, 0f, 0f);

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(404)]
    [InlineData(1000)]
    [InlineData(32003)]
    public void GreedyTakesTheFirstOfEqualMaxima(int vocabulary)
    {
        int[] places = [0, vocabulary / 3, vocabulary / 2, vocabulary - 1];
        var logits = new List<float[]>();
        for (int first = 0; first < places.Length; first++)
        {
            float[] row = RandomLogits(vocabulary, vocabulary + first);
            foreach (int place in places.AsSpan(first)) row[place] = 50f;
            logits.Add(row);
        }
        SamplingParameters topOne = new(1f, 0.5f, 1, 0.1f, 0f, 99);
        Assert.Equal(places, Draw([.. logits], [s_greedy, topOne, s_greedy, topOne]));
    }

    [Theory]
    [InlineData(64)]
    [InlineData(404)]
    [InlineData(1000)]
    [InlineData(32003)]
    public void DrawsWhatTheReferenceDraws(int vocabulary)
    {
        float[][] logits = [RandomLogits(vocabulary, 1), RandomLogits(vocabulary, 2)];
        SamplingParameters[] parameters =
        [
            new(0.8f, 1f, 0, 0f, 0f, 0x0123456789ABCDEF), new(1.3f, 0.9f, 0, 0f, 0f, 0xFEDCBA9876543210),
        ];
        int[] tokens = Draw(logits, parameters);
        for (int i = 0; i < tokens.Length; i++) RequireRight(logits[i], parameters[i], tokens[i]);
    }

    [Fact]
    public void KeepsWhatASortKeeps()
    {
        // Whole and halved logits tie often; a few impossible tokens in between.
        Gen<float> logit = Gen.Frequency(
            (6, Gen.Float[-8f, 8f]), (6, Gen.Int[-12, 12].Select(i => i / 2f)), (1, Gen.Const(float.NegativeInfinity)));
        Gen<SamplingParameters> parameters = Gen.Select(
            Gen.Float[0.2f, 3f],
            Gen.OneOf(Gen.Const(1f), Gen.Float[0.01f, 0.999f]),
            Gen.OneOf(Gen.Const(0), Gen.Int[2, 70]),
            Gen.OneOf(Gen.Const(0f), Gen.Float[0f, 1f]),
            Gen.ULong,
            (temperature, topP, topK, minP, key) => new SamplingParameters(temperature, topP, topK, minP, 0f, key));
        Gen.Select(Gen.Int[1, 70].SelectMany(length => logit.Array[length]), parameters.Array[8])
            .Where(row => row.Item1.Any(float.IsFinite))
            .Sample(row =>
            {
                int[] tokens = Run(new SampleKernel(device.Kernels), [row.Item1], row.Item2, [0, 0, 0, 0, 0, 0, 0, 0]);
                for (int i = 0; i < row.Item2.Length; i++) RequireRight(row.Item1, row.Item2[i], tokens[i]);
            }, iter: 60, threads: 1);
    }

    [Fact]
    public void ARowIsDrawnTheSameAloneAndAmongOthers()
    {
        float[][] logits = [.. Enumerable.Range(0, 6).Select(seed => RandomLogits(404, seed))];
        SamplingParameters[] parameters =
        [
            s_greedy, new(1f, 1f, 0, 0f, 0f, 1), new(1f, 0.7f, 0, 0f, 0f, 2), new(1f, 1f, 9, 0f, 0f, 3), new(1f, 1f, 0, 0.1f, 0f, 4),
            new(1.5f, 0.9f, 30, 0.01f, 0f, 5),
        ];
        int[] together = Draw(logits, parameters);
        for (int i = 0; i < logits.Length; i++) Assert.Equal([together[i]], Draw([logits[i]], [parameters[i]]));
    }

    [Fact]
    public void ReadsTheOutputThatItSamples()
    {
        float[][] logits = [[.. Enumerable.Repeat(0f, 64)], [.. Enumerable.Repeat(0f, 64)], [.. Enumerable.Repeat(0f, 64)]];
        (logits[0][10], logits[1][20], logits[2][30]) = (1f, 1f, 1f);
        Assert.Equal([30, 10], Run(new SampleKernel(device.Kernels), logits, [s_greedy, s_greedy], [2, 0]));
    }

    [Fact]
    public void RefusesRowsThatDoNotFit()
    {
        var kernel = new SampleKernel(device.Kernels);
        foreach ((int vocabulary, int stride) in new[] { (0, 4), (5, 4), (5, 6), (8, 4) })
            Assert.Throws<ArgumentException>(() => kernel.Launch(device.Stream, 1, default, default, vocabulary, stride, default, default));
    }

    private static void RequireRight(float[] logits, SamplingParameters parameters, int token) =>
        Assert.True(new SampleReference(logits, parameters).IsRight(token, parameters.Key), $"{token} is not what {parameters} draws");

    private static float[] RandomLogits(int vocabulary, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, vocabulary).Select(_ => 12 * random.NextSingle() * random.NextSingle() - 4)];
    }

    /// <summary>Draws from row i as parameters i say, under all schedules.</summary>
    private int[] Draw(float[][] logits, SamplingParameters[] parameters)
    {
        int[] sampled = [.. Enumerable.Range(0, logits.Length)];
        byte[] tokens = Schedules.Run(() => Bytes(Run(new SampleKernel(device.Kernels), logits, parameters, sampled)));
        return MemoryMarshal.Cast<byte, int>(tokens).ToArray();
    }

    private static byte[] Bytes(int[] tokens) => MemoryMarshal.AsBytes<int>(tokens).ToArray();

    /// <summary>One launch: the token of each sampled row, after a check that nothing else was written.</summary>
    private int[] Run(SampleKernel kernel, float[][] logits, SamplingParameters[] parameters, int[] sampled) =>
        RunBoth(kernel, logits, parameters, sampled).Tokens;

    /// <summary>As the other; with the log-probabilities of the rows that want them, and NaN for those that do not.</summary>
    private (int[] Tokens, float[] LogProbabilities) RunBoth(SampleKernel kernel, float[][] logits, SamplingParameters[] parameters, int[] sampled)
    {
        int vocabulary = logits[0].Length, stride = (vocabulary + 63) / 64 * 64, capacity = sampled.Length + Spare;
        var padded = new float[logits.Length * stride];
        Array.Fill(padded, float.NaN);
        for (int i = 0; i < logits.Length; i++) logits[i].CopyTo(padded, i * stride);
        var block = new RowPass { OutputRows = [.. Enumerable.Range(0, logits.Length)], SampledOutputs = sampled, Sampling = parameters };
        using CudaDeviceVariable<int> pass = device.Upload<int>(block.ToWords());
        using CudaDeviceVariable<float> rows = device.Upload<float>(padded);
        using CudaDeviceVariable<int> tokens = device.Upload<int>([.. Enumerable.Repeat(int.MinValue, capacity)]);
        using CudaDeviceVariable<float> logProbabilities = device.Poisoned<float>(capacity);
        kernel.Launch(device.Stream, capacity, pass.Pointer, rows.Pointer, vocabulary, stride, tokens.Pointer, logProbabilities.Pointer);
        device.Stream.Synchronize();
        int[] drawn = device.Download(tokens);
        float[] told = device.Download(logProbabilities);
        Assert.All(drawn[sampled.Length..], spare => Assert.Equal(int.MinValue, spare));
        Assert.All(told[sampled.Length..], spare => Assert.Equal(0xFFFFFFFF, BitConverter.SingleToUInt32Bits(spare)));
        return (drawn[..sampled.Length], told[..sampled.Length]);
    }
}
