using System.Text.Json;
using CudaSearch.Checkpoints;

namespace CudaSearch.Tests.Model;

public sealed class ReferenceTransformerTests
{
    // The golden file rounds to six decimals.
    private const double Tolerance = 6e-7;

    [Theory]
    [InlineData("stories260K-f32")]
    [InlineData("stories260K-bf16")]
    public void AgreesWithTheGoldenLogitsOfATrainedModel(string model)
    {
        using Checkpoint checkpoint = Checkpoint.Open(SharedData.PathOf("models", model));
        ReferenceTransformer reference = new(checkpoint);
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllBytes(SharedData.PathOf("models", model, "reference.json")));
        foreach (JsonElement row in golden.RootElement.GetProperty("cases").EnumerateArray())
        {
            int[] prompt = [.. row.GetProperty("prompt_ids").EnumerateArray().Select(id => id.GetInt32())];
            int[] greedy = [.. row.GetProperty("greedy_ids").EnumerateArray().Select(id => id.GetInt32())];
            double[][] logits = reference.Logits([.. prompt, .. greedy]);
            AssertClose(Numbers(row, "logits_last_prompt_pos"), logits[prompt.Length - 1]);
            AssertClose(Numbers(row, "logits_final_pos"), logits[^1]);
            if (row.TryGetProperty("logsumexp_each_pos", out _)) // float32 weights only
                AssertClose(Numbers(row, "logsumexp_each_pos"), [.. logits.Select(LogSumExp)]);
            for (int i = 0; i < greedy.Length; i++) Assert.Equal(greedy[i], logits[prompt.Length - 1 + i].Index().MaxBy(l => l.Item).Index);
        }
    }

    private static double[] Numbers(JsonElement row, string key) => [.. row.GetProperty(key).EnumerateArray().Select(n => n.GetDouble())];

    private static double LogSumExp(double[] logits) => logits.Max() + Math.Log(logits.Sum(l => Math.Exp(l - logits.Max())));

    private static void AssertClose(double[] expected, double[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], Tolerance);
    }
}
