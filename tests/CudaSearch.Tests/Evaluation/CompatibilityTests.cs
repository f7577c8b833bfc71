using System.Text.Json.Nodes;
using CudaSearch.Engine;
using CudaSearch.Evaluation;
using CudaSearch.Evaluation.Datasets;
using CudaSearch.Search;
using CudaSearch.Tests.Checkpoints;
using CudaSearch.Verification;

namespace CudaSearch.Tests.Evaluation;

/// <summary>What each quirk does to the records.</summary>
public sealed class CompatibilityTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void SwitchesEveryQuirkOn()
    {
        RunSettings settings = Compatibility.Apply(new RunSettings());
        Assert.True(settings.Search.AllowUnevenWidth && settings.Search.FixedDvtsStepTokens && settings.Search.IgnoreLookahead && !settings.Search.StopWhenComplete);
        Assert.True(settings.UnfinishedVote && settings.OriginalTokenCounts);
        Assert.Equal(Aggregation.Last, settings.VoteAggregation);
        Assert.True(Compatibility.Apply(new WorkbenchOptions()).PrmOptions.OriginalRounding);
        Assert.False(new WorkbenchOptions().PrmOptions.OriginalRounding);
    }

    [Theory]
    [InlineData(2, 9, 2, 9)]
    [InlineData(2, null, null, null)]
    [InlineData(null, 9, null, null)]
    public void ARowRangeNeedsBothEnds(int? start, int? end, int? expectedStart, int? expectedEnd) =>
        Assert.Equal(new RowRange(expectedStart, expectedEnd, 5), Compatibility.Apply(new RowRange(start, end, 5)));

    [Theory]
    [InlineData("beam")]
    [InlineData("dvts")]
    [InlineData("best-of-n")]
    public async Task VotesReadTheLastScoreAndPredTheAggregate(string strategy)
    {
        var settings = new RunSettings { Strategy = strategy, Search = new SearchOptions { Aggregation = Aggregation.Prod } };
        foreach (JsonNode record in await RunAsync("own.jsonl", settings)) Check(record, scores => scores.Aggregate(1.0, (product, score) => product * score));
        foreach (JsonNode record in await RunAsync("compat.jsonl", Compatibility.Apply(settings))) Check(record, scores => scores[^1]);

        static void Check(JsonNode record, Func<double[], double> voting)
        {
            double[][] scores = [.. record["scores"]!.AsArray().Select(steps => steps!.AsArray().Select(score => (double)score!).ToArray())];
            Assert.Equal(scores.Select(voting), record["agg_scores"]!.AsArray().Select(score => (double)score!));
            double[] products = [.. scores.Select(steps => steps.Aggregate(1.0, (product, score) => product * score))];
            Assert.Equal((string)record["completions"]![Array.IndexOf(products, products.Max())]!, (string)record["pred"]!);
        }
    }

    [Fact]
    public async Task TokenCountsAreTrueOrTheOriginals()
    {
        Assert.All(await RunAsync("beam.jsonl", Of("beam")),
            record => Assert.All(record["completion_tokens"]!.AsArray(), count => Assert.True((int)count! > 0)));
        Assert.All(await RunAsync("beam-compat.jsonl", Compatibility.Apply(Of("beam"))),
            record => Assert.All(record["completion_tokens"]!.AsArray(), count => Assert.Equal(0, (int)count!)));
        Assert.All(await RunAsync("dvts-compat.jsonl", Compatibility.Apply(Of("dvts"))), record => Assert.Equal(-1, (int)record["completion_tokens"]!));
        Assert.All(await RunAsync("bon-compat.jsonl", Compatibility.Apply(Of("best-of-n"))),
            record => Assert.Equal(4, record["completion_tokens"]!.AsArray().Count(count => (int)count! > 0)));

        static RunSettings Of(string strategy) => new() { Strategy = strategy };
    }

    [Fact]
    public async Task UnfinishedSiblingsOfDvtsVoteOnlyInTheOriginal()
    {
        var settings = new RunSettings { Strategy = "dvts", Search = new SearchOptions { N = 8, Sampling = new GenerationOptions { Temperature = 1.5f } } };
        IReadOnlyList<JsonNode> own = await RunAsync("own.jsonl", settings), compat = await RunAsync("compat.jsonl", Compatibility.Apply(settings));
        Assert.Contains(own,
            record => record["finished"] is { } flags && flags.AsArray().Any(flag => (bool)flag!)
            && flags.AsArray().Any(flag => !(bool)flag!));
        Assert.All(compat, record => Assert.Null(record["finished"]));
        Assert.Equal(own.Select(record => record["completions"]!.ToJsonString()), compat.Select(record => record["completions"]!.ToJsonString()));
    }

    private async Task<IReadOnlyList<JsonNode>> RunAsync(string name, RunSettings settings)
    {
        using Workbench workbench = Workbench.Open(new WorkbenchOptions());
        var options = new EvaluationOptions { Dataset = Workbench.TinyMath, Output = _folder.File(name), Range = new RowRange(Start: 40, Limit: 8) };
        using var solver = new ProblemSolver(workbench, settings);
        await new EvaluationRunner(solver, options).RunAsync(cancellation: TestContext.Current.CancellationToken);
        return [.. File.ReadLines(options.Output).Select(line => JsonNode.Parse(line)!)];
    }
}
