using System.Text.Json;
using System.Text.Json.Nodes;
using CudaSearch.Evaluation;
using CudaSearch.Evaluation.Datasets;
using CudaSearch.Search;
using CudaSearch.Tests.Checkpoints;

namespace CudaSearch.Tests.Evaluation;

/// <summary>Whole runs of the embedded pair: the same records whatever runs beside them, and none lost.</summary>
public sealed class EvaluationRunnerTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("beam")]
    [InlineData("dvts")]
    [InlineData("best-of-n")]
    public async Task TheSameSeedGivesTheSameRecordsWhateverRunsBesideThem(string strategy)
    {
        string alone = await RunAsync("alone.jsonl", strategy, threads: 1, concurrency: 1);
        string together = await RunAsync("together.jsonl", strategy, threads: 2, concurrency: 8);
        Assert.Equal(Essence(alone), Essence(together));
        Assert.NotEqual(Essence(alone), Essence(await RunAsync("other.jsonl", strategy, threads: 2, concurrency: 8, seed: 2)));
    }

    [Fact]
    public async Task ARunThatWasCutAnywhereIsContinuedToTheSameRecords()
    {
        string whole = await RunAsync("whole.jsonl", "beam", threads: 2, concurrency: 4);
        byte[] bytes = await File.ReadAllBytesAsync(whole, TestContext.Current.CancellationToken);
        foreach (int cut in new[] { 0, 1, bytes.Length / 3, bytes.Length - 1, bytes.Length })
        {
            string path = _folder.File($"cut-{cut}.jsonl");
            await File.WriteAllBytesAsync(path, bytes[..cut], TestContext.Current.CancellationToken);
            await RunAsync(Path.GetFileName(path), "beam", threads: 2, concurrency: 4);
            Assert.Equal(Essence(whole), Essence(path));
        }
    }

    [Fact]
    public async Task ACancelledRunKeepsWhatIsDone()
    {
        using Workbench workbench = Workbench.Open(new WorkbenchOptions());
        using var stop = new CancellationTokenSource();
        string path = _folder.File("cancelled.jsonl");
        var progress = new Callback(state =>
        {
            if (state.Done == 2) stop.Cancel();
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Runner(workbench, path, "beam", concurrency: 2).RunAsync(progress, stop.Token));
        Assert.InRange(File.ReadAllLines(path).Length, 2, 9);
        EvaluationSummary summary = await Runner(workbench, path, "beam", concurrency: 2).RunAsync(cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(10, summary.Problems);
        Assert.InRange(summary.Resumed, 2, 9);
        Assert.Equal(10, File.ReadAllLines(path).Length);
    }

    [Fact]
    public async Task AFileOfAnotherRunIsRefusedAndLeftAlone()
    {
        string path = await RunAsync("run.jsonl", "beam", threads: 2, concurrency: 4);
        string before = await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken);
        CudaSearchException refused = await Assert.ThrowsAsync<CudaSearchException>(() => RunAsync("run.jsonl", "dvts", threads: 2, concurrency: 4));
        Assert.Contains("strategy is beam", refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task ASecondWriterIsRefused()
    {
        using FileStream first = new(_folder.File("busy.jsonl"), FileMode.Create, FileAccess.ReadWrite, FileShare.None);
        CudaSearchException refused = await Assert.ThrowsAsync<CudaSearchException>(() => RunAsync("busy.jsonl", "beam", threads: 1, concurrency: 1));
        Assert.Contains("busy.jsonl", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AFullDiskIsSaidPlainly()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "this system has no /dev/full");
        using Workbench workbench = Workbench.Open(new WorkbenchOptions());
        EvaluationRunner runner = Runner(workbench, "/dev/full", "beam", concurrency: 1);
        CudaSearchException refused = await Assert.ThrowsAsync<CudaSearchException>(() => runner.RunAsync(cancellation: TestContext.Current.CancellationToken));
        Assert.Equal(Failure.BadInput, refused.Failure);
        Assert.Contains("/dev/full", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BeamSearchReusesMostPrmTokensAndSharesMostPages()
    {
        string path = await RunAsync("sharing.jsonl", "beam", threads: 2, concurrency: 4, n: 16);
        long prm = 0, prmWithout = 0, pages = 0, pagesWithout = 0;
        foreach (JsonNode usage in Lines(path).Select(line => line["usage"]!))
        {
            prm += (long)usage["prm_tokens"]!;
            prmWithout += (long)usage["prm_tokens_without_reuse"]!;
            pages += (long)usage["kv_pages_peak"]!;
            pagesWithout += (long)usage["kv_pages_peak_without_sharing"]!;
        }
        Assert.True(prm > 0 && prm <= 0.4 * prmWithout, $"{prm} PRM tokens of {prmWithout} without reuse");
        Assert.True(pages > 0 && pages <= 0.5 * pagesWithout, $"{pages} pages of {pagesWithout} without sharing");
    }

    [Fact]
    public async Task OperationsAreThoseOfTheModelsShape()
    {
        string path = await RunAsync("greedy.jsonl", "greedy", threads: 1, concurrency: 1, n: 1);
        JsonNode usage = Lines(path).First()["usage"]!;
        double prompt = (double)usage["prompt_tokens"]!, drawn = (double)usage["generated_tokens"]!;
        Assert.Equal(prompt, (double)usage["prefill_tokens"]!);
        // The last token drawn is not computed; a token attends to all before it and to itself.
        double computed = prompt + drawn - 1, attended = computed * (computed + 1) / 2;
        // TinyMath: 4 layers, width 192, 4 heads of 64 on 2 of keys and values, 512 between, 404 tokens.
        double layer = 192 * 256 + 2 * 192 * 128 + 256 * 192 + 3 * 192 * 512;
        Assert.Equal(2 * (4 * layer * computed + 404 * 192 * drawn) + 4 * 4 * 256 * attended, (double)usage["generator_flops"]!);
        Assert.Equal(0, (double)usage["prm_flops"]!);
    }

    private async Task<string> RunAsync(string name, string strategy, int threads, int concurrency, ulong seed = 1, int n = 8)
    {
        using Workbench workbench = Workbench.Open(new WorkbenchOptions { Threads = threads });
        string path = _folder.File(name);
        await Runner(workbench, path, strategy, concurrency, seed, n).RunAsync(cancellation: TestContext.Current.CancellationToken);
        workbench.Generator.Engine.CheckIntegrity();
        workbench.Verifier!.Model.Engine.CheckIntegrity();
        return path;
    }

    private static EvaluationRunner Runner(Workbench workbench, string path, string strategy, int concurrency, ulong seed = 1, int n = 8)
    {
        var settings = new RunSettings { Strategy = strategy, Seed = seed, Search = new SearchOptions { N = n, BeamWidth = 4 } };
        // Problems of levels 5 (prealgebra) and 1 (algebra).
        return new EvaluationRunner(
            new ProblemSolver(workbench, settings),
            new EvaluationOptions { Dataset = Workbench.TinyMath, Output = path, Range = new RowRange(Start: 45, Limit: 10), Concurrency = concurrency });
    }

    private static IEnumerable<JsonNode> Lines(string path) => File.ReadLines(path).Select(line => JsonNode.Parse(line)!);

    /// <summary>Records without what may differ: the device's threads, time and the cost that depends on what ran beside.</summary>
    private static string Essence(string path) => string.Join('\n', Lines(path).Select(line =>
    {
        JsonObject record = line.AsObject();
        record.Remove("usage");
        record.Remove("device");
        return record.ToJsonString(new JsonSerializerOptions());
    }).Order(StringComparer.Ordinal));

    private sealed class Callback(Action<EvaluationProgress> report) : IProgress<EvaluationProgress>
    {
        public void Report(EvaluationProgress value) => report(value);
    }
}
