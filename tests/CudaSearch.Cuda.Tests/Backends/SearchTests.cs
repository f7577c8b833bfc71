using System.Text.Json;
using System.Text.Json.Nodes;
using CudaSearch.Cuda.Tests.Support;
using CudaSearch.Evaluation;
using CudaSearch.Search;
using CudaSearch.Tests.Checkpoints;

namespace CudaSearch.Cuda.Tests.Backends;

/// <summary>Whole searches of the embedded pair on the device.</summary>
public sealed class SearchTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public SearchTests()
    {
        TestDevice.Select();
        Environment.SetEnvironmentVariable(KernelImages.Variable, TestDevice.PlainKernels);
    }

    public void Dispose()
    {
        Environment.SetEnvironmentVariable(KernelImages.Variable, null);
        _folder.Dispose();
    }

    // bf16 operands move logits by some hundredths, so a token may differ where two are that close; on these problems none does.
    [Fact]
    public async Task GreedyAnswersAreThoseOfTheCpu()
    {
        JsonObject[] onDevice = await RunAsync("device.jsonl", "cuda", "greedy", n: 1, limit: 6, concurrency: 6);
        JsonObject[] onProcessor = await RunAsync("processor.jsonl", "cpu", "greedy", n: 1, limit: 6, concurrency: 6);
        Assert.Equal(onProcessor.Select(Completions), onDevice.Select(Completions));
        Assert.All(onDevice, record => Assert.Equal("cuda", (string?)record["backend"]));
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

    private async Task<JsonObject[]> RunAsync(string name, string device, string strategy, int n, int limit, int concurrency, ulong seed = 1)
    {
        using Workbench workbench = Workbench.Open(new WorkbenchOptions { Device = device, Memory = "256MiB" });
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
