using System.Text.Json;
using CudaSearch.Backends.Cpu;
using CudaSearch.Checkpoints;
using CudaSearch.Engine;
using CudaSearch.Tests.Engine;

namespace CudaSearch.Tests.Model;

/// <summary>The engine's logits against a slow double-precision forward pass, and against recorded ones of a trained model.</summary>
public sealed class ForwardTests
{
    private static readonly Llama3RopeScaling s_scaling = new(32, 1, 4, 16);

    public static TheoryData<string, string> Cases()
    {
        var cases = new TheoryData<string, string>();
        foreach (string path in CpuBackend.Paths)
        {
            foreach (string model in new[] { "llama tied", "llama untied", "llama scaled", "llama head 64", "qwen2", "mistral" }) cases.Add(model, path);
        }
        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task RandomModelsAgreeWithTheDoublePrecisionReference(string name, string path)
    {
        RandomModel model = name switch
        {
            "llama tied" => new RandomModel { TieWordEmbeddings = true, Type = ElementType.BF16 },
            "llama untied" => new RandomModel { Type = ElementType.F16, NumKeyValueHeads = 4 },
            "llama scaled" => new RandomModel { RopeScaling = s_scaling, NumKeyValueHeads = 1, IntermediateSize = 53 },
            "llama head 64" => new RandomModel { HeadDim = 64, HiddenSize = 64, IntermediateSize = 128, Type = ElementType.BF16 },
            "qwen2" => new RandomModel { ModelType = "qwen2", TieWordEmbeddings = true, HeadDim = 24, HiddenSize = 40 },
            _ => new RandomModel { ModelType = "mistral", HeadDim = 16, VocabSize = 101 },
        };
        using var fixture = new EngineFixture(model, path: path);
        var reference = new ReferenceTransformer(fixture.Checkpoint);
        var random = new Random(5);
        // Around page (16), range (64) and pass (64 rows) edges.
        foreach (int length in new[] { 1, 2, 15, 16, 17, 63, 64, 65, 130 })
        {
            int[] tokens = [.. Enumerable.Range(0, length).Select(_ => random.Next(model.VocabSize))];
            using Sequence sequence = fixture.Engine.CreateSequence(tokens);
            float[] logits = await fixture.Engine.LogitsAsync(sequence, TestContext.Current.CancellationToken);
            AssertClose(reference.Logits(tokens)[^1], logits, RoundsInputs(path, fixture.Checkpoint) ? 0.05 : 2e-4);
        }
    }

    public static TheoryData<string, string> Trained()
    {
        var cases = new TheoryData<string, string>();
        foreach (string path in CpuBackend.Paths)
        {
            foreach (string model in new[] { "stories260K-f32", "stories260K-bf16" }) cases.Add(model, path);
        }
        return cases;
    }

    [Theory]
    [MemberData(nameof(Trained))]
    public async Task ATrainedModelGivesItsRecordedLogits(string name, string path)
    {
        string directory = SharedData.PathOf("models", name);
        using var fixture = new EngineFixture(directory, path: path);
        // Rounding the weights of this model to bfloat16 moves its logits by up to 0.07; rounding the inputs of its products is no worse.
        double tolerance = RoundsInputs(path, fixture.Checkpoint) ? 0.07 : 2e-3;
        using JsonDocument reference = JsonDocument.Parse(File.ReadAllText(Path.Combine(directory, "reference.json")));
        foreach (JsonElement item in reference.RootElement.GetProperty("cases").EnumerateArray())
        {
            int[] prompt = Ints(item, "prompt_ids"), greedy = Ints(item, "greedy_ids");
            await Check(prompt, item.GetProperty("logits_last_prompt_pos"));
            await Check([.. prompt, .. greedy], item.GetProperty("logits_final_pos"));
        }

        async Task Check(int[] tokens, JsonElement expected)
        {
            using Sequence sequence = fixture.Engine.CreateSequence(tokens);
            float[] logits = await fixture.Engine.LogitsAsync(sequence, TestContext.Current.CancellationToken);
            double[] values = [.. expected.EnumerateArray().Select(value => value.GetDouble())];
            AssertClose(values, logits, tolerance);
            // The order of the first five, as far as their values are further apart than the error.
            int[] first = Top5(logits);
            foreach ((int id, double value) in first.Zip(values.OrderDescending())) Assert.InRange(values[id], value - 2 * tolerance, value + 2 * tolerance);
        }

        static int[] Ints(JsonElement item, string name) => [.. item.GetProperty(name).EnumerateArray().Select(id => id.GetInt32())];
        static int[] Top5(IEnumerable<float> values) => [.. values.Select((v, i) => (v, i)).OrderByDescending(p => p.v).Take(5).Select(p => p.i)];
    }

    private static bool RoundsInputs(string path, Checkpoint checkpoint) =>
        path.EndsWith("-bf16", StringComparison.Ordinal) && checkpoint.Get("model.layers.0.mlp.down_proj.weight").Type == ElementType.BF16;

    private static void AssertClose(double[] expected, float[] actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        int bad = 0;
        double worst = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            double error = Math.Abs(expected[i] - actual[i]);
            // Written so that NaN counts as bad.
            if (!(error <= tolerance)) bad++;
            worst = Math.Max(worst, error);
        }
        Assert.True(bad == 0, $"{bad} of {expected.Length} logits are off, the worst by {worst:g3}");
    }
}
