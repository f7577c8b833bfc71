using System.Text.Json;
using CudaSearch.Backends;
using CudaSearch.Backends.Cuda;
using CudaSearch.Checkpoints;
using CudaSearch.Cuda.Tests.Support;
using CudaSearch.Engine;
using CudaSearch.Tests;
using CudaSearch.Tests.Engine;
using CudaSearch.Tests.Model;

namespace CudaSearch.Cuda.Tests.Backends;

/// <summary>Whole forward passes on the device against double precision and against the CPU backend.</summary>
public sealed class ForwardTests(DeviceFixture fixture)
{
    // Operands are rounded to bf16, by at most 2^-8 of themselves and 2^-9.8 on average (rms), some eight times a layer. Activations and logits are of
    // the order of one; errors of random sign add up to about sqrt(8 * layers) * 2^-9.8 = 0.005 a logit for two layers, more where a model is only 27 wide.
    private const double Tolerance = 0.08;
    private const double TypicalTolerance = 0.02;

    public static TheoryData<string> Models() => [.. CudaModels.All.Keys];

    [Theory]
    [MemberData(nameof(Models))]
    public async Task RandomModelsAgreeWithDoublePrecisionAndWithTheCpu(string name)
    {
        RandomModel model = CudaModels.All[name];
        using EngineFixture device = CudaModels.OnDevice(model), processor = new(model);
        var reference = new ReferenceTransformer(device.Checkpoint);
        var random = new Random(5);
        // Around page (16), range (64) and pass (64 rows) edges.
        foreach (int length in new[] { 1, 2, 15, 16, 17, 63, 64, 65, 130 })
        {
            int[] tokens = [.. Enumerable.Range(0, length).Select(_ => random.Next(model.VocabSize))];
            float[] logits = await device.LogitsAloneAsync(tokens);
            AssertClose(reference.Logits(tokens)[^1], logits);
            AssertClose(Array.ConvertAll(await processor.LogitsAloneAsync(tokens), logit => (double)logit), logits);
        }
    }

    // The device and the processor round the same weights to the same codes. Keys and values come out of products of bf16 operands on the device, so that some
    // fall on the other side of a tie, a sixteenth of themselves away. A wrong scale would be off by the order of one.
    [Theory]
    [MemberData(nameof(Models))]
    public async Task RandomModelsInFp8AgreeWithTheCpu(string name)
    {
        RandomModel model = CudaModels.All[name];
        (ModelPrecision, double, double)[] precisions =
        [
            (new(WeightPrecision.Fp8), Tolerance, TypicalTolerance), (new(Kv: KvPrecision.Fp8), 0.25, 0.06), (new(WeightPrecision.Fp8, KvPrecision.Fp8), 0.25, 0.06),
        ];
        foreach ((ModelPrecision precision, double tolerance, double typical) in precisions)
        {
            var options = new FixtureOptions { Precision = precision };
            using EngineFixture device = CudaModels.OnDevice(model, options), processor = new(model, options);
            var random = new Random(7);
            foreach (int length in new[] { 1, 17, 65, 130 })
            {
                int[] tokens = [.. Enumerable.Range(0, length).Select(_ => random.Next(model.VocabSize))];
                AssertClose(Array.ConvertAll(await processor.LogitsAloneAsync(tokens), logit => (double)logit), await device.LogitsAloneAsync(tokens), tolerance, typical);
            }
        }
    }

    // The trained model's heads have 8 elements and its intermediate width is 172: everything is padded. Its logits span some 30 and it has five layers, so
    // rounding moves them more than the random models'; of the float32 checkpoint the weights are rounded as well, which alone moves logits by 0.07.
    [Theory]
    [InlineData("stories260K-f32", 0.3, 0.12)]
    [InlineData("stories260K-bf16", 0.3, 0.12)]
    public async Task ATrainedModelGivesItsRecordedLogits(string name, double tolerance, double typical)
    {
        string directory = SharedData.PathOf("models", name);
        using var device = new EngineFixture(Checkpoint.Open(directory), new FixtureOptions { Backend = CudaModels.OpenBackend });
        using var processor = new EngineFixture(directory);
        using JsonDocument reference = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(directory, "reference.json"), TestContext.Current.CancellationToken));
        foreach (JsonElement item in reference.RootElement.GetProperty("cases").EnumerateArray())
        {
            int[] prompt = Ints(item, "prompt_ids"), greedy = Ints(item, "greedy_ids");
            await Check(prompt, item.GetProperty("logits_last_prompt_pos"));
            await Check([.. prompt, .. greedy], item.GetProperty("logits_final_pos"));
        }

        async Task Check(int[] tokens, JsonElement expected)
        {
            float[] logits = await device.LogitsAloneAsync(tokens);
            AssertClose([.. expected.EnumerateArray().Select(value => value.GetDouble())], logits, tolerance, typical);
            AssertClose(Array.ConvertAll(await processor.LogitsAloneAsync(tokens), logit => (double)logit), logits, tolerance, typical);
        }

        static int[] Ints(JsonElement item, string name) => [.. item.GetProperty(name).EnumerateArray().Select(id => id.GetInt32())];
    }

    // Warpgroups in every layer: prefill of many rows, decode of one, a last row in the middle of a tile.
    [Theory]
    [InlineData(nameof(ProductPath.Pair), "llama")]
    [InlineData(nameof(ProductPath.Persistent), "llama, padded throughout")]
    [InlineData(nameof(ProductPath.Persistent), "qwen2, biased")]
    [InlineData(nameof(ProductPath.Swapped), "llama, padded throughout")]
    [InlineData(nameof(ProductPath.Swapped), "qwen2, biased")]
    [InlineData(nameof(ProductPath.Split), "llama")]
    [InlineData(nameof(ProductPath.Split), "wide")]
    public async Task WarpgroupsGiveTheSameLogits(string path, string name)
    {
        ProductTable table = WarpgroupPaths.Table(fixture, path);
        RandomModel model = name == "wide" ? CudaModels.Wide : CudaModels.All[name];
        using EngineFixture shipped = CudaModels.OnDevice(model);
        using var device = new EngineFixture(model, new FixtureOptions { Backend = () => CudaModels.OpenBackend(TestDevice.PlainKernels, products: table) });
        var random = new Random(7);
        foreach (int length in new[] { 1, 9, 65, 100 })
        {
            int[] tokens = [.. Enumerable.Range(0, length).Select(_ => random.Next(model.VocabSize))];
            float[] expected = await shipped.LogitsAloneAsync(tokens), logits = await device.LogitsAloneAsync(tokens);
            WarpgroupPaths.RequireBitsOfMma(path, [Bytes(expected)], [Bytes(logits)]);
            AssertClose(Array.ConvertAll(expected, logit => (double)logit), logits);
        }
    }

    // Codes and scales would be garbage to kernels that take them for bf16, so weights and pages in e4m3 stay with mma.sync whatever the table says. Keys and
    // values that wait to be rounded may come from warpgroups, and so may attention to those that are not.
    [Theory]
    [InlineData(nameof(ProductPath.Pair), "llama")]
    [InlineData(nameof(ProductPath.Persistent), "llama, padded throughout")]
    [InlineData(nameof(ProductPath.Swapped), "qwen2, biased")]
    [InlineData(nameof(ProductPath.Split), "wide")]
    public async Task WarpgroupsAreNotForWeightsInFp8ButForKeysAndValues(string path, string name)
    {
        ProductTable table = WarpgroupPaths.Table(fixture, path);
        RandomModel model = name == "wide" ? CudaModels.Wide : CudaModels.All[name];
        foreach (ModelPrecision precision in (ModelPrecision[])[new(WeightPrecision.Fp8), new(WeightPrecision.Fp8, KvPrecision.Fp8), new(Kv: KvPrecision.Fp8)])
        {
            var options = new FixtureOptions { Precision = precision };
            using EngineFixture shipped = CudaModels.OnDevice(model, options);
            using var device = new EngineFixture(model, options with { Backend = () => CudaModels.OpenBackend(TestDevice.PlainKernels, products: table) });
            var random = new Random(9);
            foreach (int length in new[] { 1, 9, 65 })
            {
                int[] tokens = [.. Enumerable.Range(0, length).Select(_ => random.Next(model.VocabSize))];
                float[] expected = await shipped.LogitsAloneAsync(tokens), logits = await device.LogitsAloneAsync(tokens);
                bool onWarpgroups = precision.Weights == WeightPrecision.Stored || (path == nameof(ProductPath.Pair) && precision.Kv == KvPrecision.Native);
                if (!onWarpgroups) Assert.Equal(expected, logits);
                else WarpgroupPaths.RequireBitsOfMma(path, [Bytes(expected)], [Bytes(logits)]);
                AssertClose(Array.ConvertAll(expected, logit => (double)logit), logits, 0.25, 0.06);
            }
        }
    }

    private static byte[] Bytes(float[] values) => System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(values).ToArray();

    // One token after another, or all at once: other kernels, the same bits.
    [Theory]
    [MemberData(nameof(Models))]
    public async Task PrefillAndDecodeGiveTheSameBits(string name)
    {
        await RequireSameBitsAsync(CudaModels.All[name], default);
        await RequireSameBitsAsync(CudaModels.All[name], new(WeightPrecision.Fp8, KvPrecision.Fp8));
    }

    private static async Task RequireSameBitsAsync(RandomModel model, ModelPrecision precision)
    {
        using EngineFixture device = CudaModels.OnDevice(model, new FixtureOptions { Precision = precision });
        var random = new Random(6);
        int[] tokens = [.. Enumerable.Range(0, 70).Select(_ => random.Next(model.VocabSize))];
        float[] atOnce = await device.LogitsAloneAsync(tokens);
        device.Engine.ClearCache();
        using Sequence sequence = device.Engine.CreateSequence(tokens.AsSpan(0, 40));
        await device.LogitsAsync(sequence);
        foreach (int token in tokens.AsSpan(40).ToArray())
        {
            sequence.Append([token]);
            float[] logits = await device.LogitsAsync(sequence);
            if (sequence.Length == tokens.Length) Assert.Equal(atOnce, logits);
        }
    }

    private static void AssertClose(double[] expected, float[] actual, double tolerance = Tolerance, double typical = TypicalTolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        double[] errors = [.. expected.Zip(actual, (wanted, logit) => Math.Abs(wanted - logit))];
        // Counted rather than maximised, so that a NaN cannot hide.
        int bad = errors.Count(error => !(error <= tolerance));
        double root = Math.Sqrt(errors.Average(error => error * error));
        Assert.True(bad == 0 && root <= typical, $"{bad} of {errors.Length} logits are off by more than {tolerance}, the worst by {errors.Max()}, on average (rms) by {root}");
    }
}
