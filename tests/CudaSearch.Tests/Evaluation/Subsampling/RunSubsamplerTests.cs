using System.Text.Json.Nodes;
using CudaSearch.Answers;
using CudaSearch.Evaluation;
using CudaSearch.Evaluation.ComputeOptimal;
using CudaSearch.Evaluation.Datasets;
using CudaSearch.Evaluation.Merging;
using CudaSearch.Evaluation.Subsampling;
using CudaSearch.Search;
using CudaSearch.Tests.Checkpoints;
using CudaSearch.Verification;

namespace CudaSearch.Tests.Evaluation.Subsampling;

/// <summary>A run cut out of a larger one is the run that eval would have made, or it is said why there is none.</summary>
public sealed class RunSubsamplerTests : IDisposable
{
    private const int Problems = 4;

    private static readonly RunSettings s_plain = new() { Seed = 3, Search = new SearchOptions { BeamWidth = 2, ChainLength = 3 } };

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("best-of-n", 3, Aggregation.Last, false)]
    [InlineData("best-of-n", 4, Aggregation.Min, true)]
    [InlineData("majority", 1, Aggregation.Last, false)]
    [InlineData("dvts", 4, Aggregation.Prod, false)]
    [InlineData("dvts", 2, Aggregation.Min, true)]
    [InlineData("confidence", 4, Aggregation.Mean, false)]
    [InlineData("revision", 5, Aggregation.Last, false)]
    public async Task ItIsWhatEvalWritesForThatN(string strategy, int n, Aggregation aggregation, bool compatible)
    {
        RunSettings settings = s_plain with { Strategy = strategy, Search = s_plain.Search with { Aggregation = aggregation } };
        if (compatible) settings = Compatibility.Apply(settings);
        string large = await RunAsync("large", settings, 8), small = await RunAsync("small", settings, n), cut = _folder.File("cut.jsonl");

        SubsampleSummary summary = RunSubsampler.Subsample(large, n, cut);

        Assert.Equal((Problems, 8), (summary.Problems, summary.From));
        JsonObject[] expected = Read(small), found = Read(cut);
        Assert.Equal(expected.Select(WithoutUsage), found.Select(WithoutUsage));
        foreach ((JsonObject right, JsonObject usage) in expected.Zip(found, (a, b) => (a["usage"]!.AsObject(), b["usage"]!.AsObject())))
        {
            bool estimated = strategy is "dvts" or "confidence";
            if (!estimated) Assert.Equal((long)right["generated_tokens"]!, (long)usage["generated_tokens"]!);
            Assert.Equal(estimated, usage.ContainsKey("generated_tokens_estimated"));
            Assert.Equal(8, (int)usage["subsampled_from"]!);
            Assert.All(["seconds", "prm_tokens", "passes"], name => Assert.Null(usage[name]));
        }
    }

    [Fact]
    public async Task EvalMergeAndComputeOptimalReadIt()
    {
        RunSettings settings = s_plain with { Strategy = "best-of-n" };
        string large = await RunAsync("large", settings, 8), cut = _folder.File("cut.jsonl");
        RunSubsampler.Subsample(large, 4, cut);
        string[] lines = File.ReadAllLines(cut);

        // A record is missing: eval writes that one and leaves the others, and has the run it would have made alone.
        string small = await RunAsync("small", settings, 4), resumed = _folder.Write("resumed.jsonl", string.Concat(lines.Skip(1).Select(line => line + "\n")));
        await RunAsync("resumed", settings, 4);
        Assert.Equal(lines.Skip(1), File.ReadAllLines(resumed).Take(Problems - 1));
        Assert.Equal(Read(small).Select(WithoutUsage).Order(), Read(resumed).Select(WithoutUsage).Order());

        string merged = _folder.File("merged.jsonl");
        RunMerger.Merge([_folder.Write("a.jsonl", lines[0] + "\n"), _folder.Write("b.jsonl", string.Concat(lines.Skip(1).Select(line => line + "\n")))], merged);
        Assert.Equal(lines, File.ReadAllLines(merged));

        IReadOnlyList<GradedRun> runs = RunSet.Read([merged]);
        BudgetAllocation four = Allocation.Of(runs, Difficulty.ByQuantile(Difficulty.Ease(runs, DifficultyMeasure.Prm), bins: 2), 4)!;
        Assert.Equal(Read(small).Average(record => (double)record["usage"]!["generated_tokens"]!), four.SingleTokens, 1e-9);
    }

    [Fact]
    public void ASampleOfASampleRemembersTheRun()
    {
        string run = Write("run", Record("best-of-n", "aggregate=last"));
        RunSubsampler.Subsample(run, 3, _folder.File("three.jsonl"));
        RunSubsampler.Subsample(_folder.File("three.jsonl"), 2, _folder.File("two.jsonl"));
        JsonObject two = Assert.Single(Read(_folder.File("two.jsonl")));
        Assert.Equal(4, (int)two["usage"]!["subsampled_from"]!);
        Assert.Equal(30, (long)two["usage"]!["generated_tokens"]!);
    }

    // Every vote chooses 1 among all four answers 1, 2, 2, 1 of the first problem; among the first three they differ.
    [Theory]
    [InlineData(Vote.Weighted, "1", "5")]
    [InlineData(Vote.Majority, "2", "5")]
    [InlineData(Vote.Naive, "1", "6")]
    public void TheFinalAnswerIsOfTheVoteThatTheRunHad(Vote vote, string first, string second)
    {
        JsonObject record = Record("best-of-n", "aggregate=last", [0.9, 0.2, 0.3, 0.9]);
        // What only this vote chooses among the answers of a second problem tells which it is.
        JsonObject telling = Record("best-of-n", "aggregate=last", [.. vote switch
        {
            Vote.Weighted => new[] { 0.4, 0.4, 0.5, 0.1 }, Vote.Majority => [0.1, 0.1, 0.1, 0.9], _ => [0.4, 0.4, 0.5, 0.1],
        }], ["5", "5", "6", "7"]);
        telling["row"] = 1;
        telling["problem"] = "another";
        telling["final_answer"] = vote == Vote.Naive ? "6" : "5";
        string run = Write("run", record, telling), cut = _folder.File("cut.jsonl");
        RunSubsampler.Subsample(run, 3, cut);
        Assert.Equal([first, second], Read(cut).Select(cutRecord => (string?)cutRecord["final_answer"]));
        Assert.False(Read(cut)[0].ContainsKey("pred_maj@4"));
        Assert.True(Read(cut)[0].ContainsKey("pred_maj@2"));
    }

    [Theory]
    [InlineData("beam", "beam-width=2", 2, "is a run of beam, whose answers depend on all 4 that were searched together")]
    [InlineData("rebase", "beam-width=2", 2, "is a run of rebase")]
    [InlineData("mcts", "beam-width=2", 2, "is a run of mcts")]
    [InlineData("confidence", "beam-width=2 novelty=0.5", 2, "is a run of confidence")]
    [InlineData("dvts", "beam-width=2", 3, "by whole subtrees of 2 answers; n is 3, and must be a multiple of 2")]
    [InlineData("best-of-n", "beam-width=2", 4, "is a run of n 4; a smaller n can be taken out of it, not 4")]
    [InlineData("best-of-n", "beam-width=2 stop-when-decided=weighted", 2, "was run with stop-when-decided")]
    public void WhatWouldBeNoFairSampleIsRefused(string strategy, string settings, int n, string message) =>
        Assert.Contains(message, Refused(Write("run", Record(strategy, settings)), n), StringComparison.Ordinal);

    [Fact]
    public void FilesThatAreNoFinishedRunAreRefused()
    {
        string run = Write("run", Record("best-of-n", ""));
        Assert.Contains("it must be 1 or greater", Refused(run, 0), StringComparison.Ordinal);
        Assert.Contains("cannot read it", Refused(_folder.File("absent.jsonl"), 2), StringComparison.Ordinal);
        Assert.Contains("line 1: not a record of eval", Refused(_folder.Write("text.jsonl", "hello\n"), 2), StringComparison.Ordinal);
        Assert.Contains("of no vote", Refused(Write("changed", With("final_answer", "9")), 2), StringComparison.Ordinal);
        Assert.Contains("they must be as many", Refused(Write("short", With("completions", new JsonArray("\\boxed{1}")), "agg_scores", new JsonArray(0.5)), 2), StringComparison.Ordinal);
        JsonObject other = With("seed", 2);
        other["row"] = 1;
        Assert.Contains("another run, its seed is 2", Refused(Write("mixed", Record("best-of-n", ""), other), 2), StringComparison.Ordinal);
        Assert.Contains("exists", Assert.Throws<CudaSearchException>(() => RunSubsampler.Subsample(run, 2, run)).Message, StringComparison.Ordinal);

        static JsonObject With(string name, JsonNode value)
        {
            JsonObject record = Record("best-of-n", "");
            record[name] = value;
            return record;
        }
    }

    private string Refused(string input, int n)
    {
        string output = _folder.File("refused.jsonl");
        CudaSearchException refused = Assert.Throws<CudaSearchException>(() => RunSubsampler.Subsample(input, n, output));
        Assert.Equal(Failure.BadInput, refused.Failure);
        Assert.False(File.Exists(output));
        return refused.Message;
    }

    private async Task<string> RunAsync(string name, RunSettings settings, int n)
    {
        using Workbench workbench = Workbench.Open(new WorkbenchOptions { Device = "cpu", Memory = "256MiB" });
        using var solver = new ProblemSolver(workbench, settings with { Search = settings.Search with { N = n, Sampling = new() { MaxTokens = 200 } } });
        string path = _folder.File(name + ".jsonl");
        var options = new EvaluationOptions { Dataset = Workbench.TinyMath, Output = path, Range = new RowRange(Start: 40, Limit: Problems) };
        await new EvaluationRunner(solver, options).RunAsync(cancellation: TestContext.Current.CancellationToken);
        return path;
    }

    private string Write(string name, params JsonObject[] records) =>
        _folder.Write(name + ".jsonl", string.Concat(records.Select(record => record.ToJsonString() + "\n")));

    private string Write(string name, JsonObject record, string field, JsonNode value)
    {
        record[field] = value;
        return Write(name, record);
    }

    private static JsonObject[] Read(string path) => [.. File.ReadLines(path).Select(line => JsonNode.Parse(line)!.AsObject())];

    private static string WithoutUsage(JsonObject record)
    {
        var rest = (JsonObject)record.DeepClone();
        rest.Remove("usage");
        return rest.ToJsonString();
    }

    private static JsonObject Record(string strategy, string settings, double[]? scores = null, string[]? answers = null)
    {
        scores ??= [0.1, 0.2, 0.3, 0.9];
        answers ??= ["1", "2", "2", "1"];
        return new JsonObject
        {
            ["row"] = 0, ["dataset"] = new JsonObject { ["name"] = "d", ["digest"] = "x", ["start"] = 0, ["end"] = 2 },
            ["problem"] = "p", ["answer"] = "1", ["strategy"] = strategy, ["n"] = 4, ["seed"] = 1, ["settings"] = settings, ["model"] = "m", ["prm"] = "judge",
            ["final_answer"] = "1", ["pred"] = "", ["completions"] = new JsonArray([.. answers.Select(answer => JsonValue.Create($@"\boxed{{{answer}}}"))]),
            ["scores"] = new JsonArray([.. scores.Select(score => new JsonArray(score))]), ["agg_scores"] = new JsonArray([.. scores.Select(score => JsonValue.Create(score))]),
            ["completion_tokens"] = new JsonArray(10, 20, 30, 40), ["pred_maj@2"] = @"\boxed{1}", ["pred_maj@4"] = @"\boxed{1}",
            ["usage"] = new JsonObject { ["seconds"] = 1.0, ["generated_tokens"] = 100 },
        };
    }
}
