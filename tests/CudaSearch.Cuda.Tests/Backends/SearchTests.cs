using System.Text.Json;
using System.Text.Json.Nodes;
using CudaSearch.Cuda.Tests.Support;
using CudaSearch.Engine;
using CudaSearch.Evaluation;
using CudaSearch.Evaluation.Datasets;
using CudaSearch.Search;
using CudaSearch.Tests.Checkpoints;
using CudaSearch.Tokenization;

namespace CudaSearch.Cuda.Tests.Backends;

/// <summary>Whole searches of the embedded pair on the device.</summary>
public sealed class SearchTests : IDisposable
{
    private static readonly WorkbenchOptions s_models = new() { Memory = "256MiB" };

    private readonly TempFolder _folder = new();
    private readonly string? _kernels = Environment.GetEnvironmentVariable(KernelImages.Variable);

    public SearchTests()
    {
        TestDevice.Select();
        if (TestDevice.PlainKernels is { } plain) Environment.SetEnvironmentVariable(KernelImages.Variable, plain);
    }

    public void Dispose()
    {
        Environment.SetEnvironmentVariable(KernelImages.Variable, _kernels);
        _folder.Dispose();
    }

    // bf16 operands move logits by some hundredths, so another token may win only where the CPU itself finds two that close.
    [Fact]
    public async Task GreedyAnswersAreThoseOfTheCpuButForTies()
    {
        using Workbench device = Workbench.Open(s_models with { Device = "cuda" }), processor = Workbench.Open(s_models with { Device = "cpu" });
        int[][] prompts = [.. TinyMathRows.HeldOut().Skip(20).Take(8).Select(row => Prompt(processor.Generator, row.Problem))];
        int[][] onDevice = await GreedyAsync(device.Generator, prompts), onProcessor = await GreedyAsync(processor.Generator, prompts);
        int same = 0;
        for (int i = 0; i < prompts.Length; i++)
        {
            int common = onDevice[i].AsSpan().CommonPrefixLength(onProcessor[i]);
            if (common == onDevice[i].Length && common == onProcessor[i].Length)
            {
                same++;
                continue;
            }
            using Sequence agreed = processor.Generator.Engine.CreateSequence(onProcessor[i].AsSpan(0, common));
            float[] logits = await processor.Generator.Engine.LogitsAsync(agreed, TestContext.Current.CancellationToken);
            Array.Sort(logits);
            Assert.True(logits[^1] - logits[^2] < 0.1, $"problem {i} differs at token {common}, where the CPU's best two are {logits[^1] - logits[^2]} apart");
        }
        Assert.InRange(same, 6, 8);
    }

    // Read back behind the tokens: a sum over the device's own logits tells whether each is the one that belongs to its token.
    [Theory]
    [InlineData(0f)]
    [InlineData(1f)]
    public async Task LogProbabilitiesOfAnAnswerAreThoseOfTheDevicesLogits(float temperature)
    {
        using Workbench device = Workbench.Open(s_models with { Device = "cuda" });
        InferenceEngine engine = device.Generator.Engine;
        int[] prompt = Prompt(device.Generator, TinyMathRows.HeldOut()[20].Problem);
        using Sequence sequence = engine.CreateSequence(prompt, new RandomStream(Seed: 1, Problem: 2, Beam: 3));
        var options = new GenerationOptions { Temperature = temperature, MaxTokens = 12, WithLogProbability = true };
        GenerationResult result = await engine.GenerateAsync(sequence, options, TestContext.Current.CancellationToken);
        double expected = 0;
        for (int length = prompt.Length; length < sequence.Length; length++)
        {
            using Sequence beginning = engine.CreateSequence(sequence.Tokens[..length]);
            float[] logits = await engine.LogitsAsync(beginning, TestContext.Current.CancellationToken);
            expected += logits[sequence.Tokens[length]] - Math.Log(logits.Sum(logit => Math.Exp(logit)));
        }
        Assert.Equal(12, result.GeneratedTokens);
        Assert.Equal(expected, result.LogProbability, 1e-3);
    }

    [Fact]
    public async Task ASampledSearchIsTheSameAloneOrBesideOthers()
    {
        JsonObject[] alone = await RunAsync("alone.jsonl", "cuda", "beam", n: 4, limit: 2, concurrency: 1);
        JsonObject[] together = await RunAsync("together.jsonl", "cuda", "beam", n: 4, limit: 2, concurrency: 2);
        Assert.Equal(alone.Select(Essence), together.Select(Essence));
        JsonObject[] other = await RunAsync("other.jsonl", "cuda", "beam", n: 4, limit: 1, concurrency: 1, seed: 2);
        Assert.NotEqual(Completions(alone[0]), Completions(other[0]));
    }

    private static int[] Prompt(LanguageModel model, string problem) =>
        ChatTemplate.For(model.Tokenizer).Render([new ChatMessage("user", problem)], ChatEnding.GenerationPrompt);

    private static Task<int[][]> GreedyAsync(LanguageModel model, int[][] prompts) => Task.WhenAll(prompts.Select(async prompt =>
    {
        using Sequence sequence = model.Engine.CreateSequence(prompt);
        await model.Engine.GenerateAsync(sequence, new GenerationOptions { Temperature = 0f, MaxTokens = 150 }, TestContext.Current.CancellationToken);
        return sequence.Tokens.ToArray();
    }));

    private async Task<JsonObject[]> RunAsync(string name, string device, string strategy, int n, int limit, int concurrency, ulong seed = 1)
    {
        using Workbench workbench = Workbench.Open(s_models with { Device = device });
        var settings = new RunSettings { Strategy = strategy, Seed = seed, Search = new SearchOptions { N = n, BeamWidth = Math.Min(n, 2) } };
        string path = _folder.File(name);
        var options = new EvaluationOptions { Dataset = Workbench.TinyMath, Output = path, Range = new RowRange(Start: 20, Limit: limit), Concurrency = concurrency };
        await new EvaluationRunner(new ProblemSolver(workbench, settings), options).RunAsync(cancellation: TestContext.Current.CancellationToken);
        workbench.Generator.Engine.CheckIntegrity();
        return [.. File.ReadLines(path).Select(line => JsonNode.Parse(line)!.AsObject()).OrderBy(record => (string?)record["problem"], StringComparer.Ordinal)];
    }

    private static string Completions(JsonObject record) => record["completions"]!.ToJsonString();

    /// <summary>A record without what depends on what ran beside it.</summary>
    private static string Essence(JsonObject record)
    {
        var essence = (JsonObject)record.DeepClone();
        essence.Remove("usage");
        return essence.ToJsonString(new JsonSerializerOptions());
    }
}
