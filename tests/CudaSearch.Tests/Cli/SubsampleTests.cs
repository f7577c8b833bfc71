using System.Text.Json.Nodes;
using CudaSearch.Cli;
using CudaSearch.Tests.Checkpoints;

namespace CudaSearch.Tests.Cli;

/// <summary>Smaller runs out of larger ones through the command line.</summary>
public sealed class SubsampleTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task TheCutRunIsReadLikeTheRunItIs()
    {
        (await EvalAsync("best-of-n", 8, "eight.jsonl")).Done();
        string cut = _folder.File("four.jsonl");
        CliRun run = (await CliRun.OfAsync("subsample", _folder.File("eight.jsonl"), "-n", "4", "-o", cut, "--json")).Done();
        Assert.Contains("6 problems in", run.Error, StringComparison.Ordinal);
        Assert.Contains("the first 4 of 8 answers each", run.Error, StringComparison.Ordinal);

        // What eval would have written: it finds nothing left to do, and the same accuracy.
        CliRun again = (await EvalAsync("best-of-n", 4, "four.jsonl")).Done();
        Assert.Contains("6 of them by earlier runs", again.Error, StringComparison.Ordinal);
        Assert.Equal(run.Output, again.Output);
        Assert.Equal(4, JsonNode.Parse(File.ReadLines(cut).First())!["completions"]!.AsArray().Count);
        JsonNode optimal = JsonNode.Parse((await CliRun.OfAsync("compute-optimal", cut, "--bins", "2", "--json")).Done().Output)!;
        Assert.Equal("yes", (string?)optimal["budgets"]!.AsArray()[^1]!["at_least_matches"]);
        (await CliRun.OfAsync("merge", cut, "-o", _folder.File("merged.jsonl"))).Done();
    }

    [Fact]
    public async Task WhatCannotBeCutIsRefusedWithOneMessage()
    {
        (await EvalAsync("beam", 4, "beam.jsonl")).Done();
        string beam = _folder.File("beam.jsonl"), output = _folder.File("cut.jsonl");
        (await CliRun.OfAsync("subsample", beam, "-n", "2", "-o", output))
            .Failed(ExitStatus.BadInput, "beam.jsonl is a run of beam", "run eval with n 2 instead", "whole subtrees of dvts and confidence");
        (await CliRun.OfAsync("subsample", beam, "-n", "0", "-o", output)).Failed(ExitStatus.Usage, "--n is 0; it must be a whole number, 1 or greater");
        (await CliRun.OfAsync("subsample", beam, "-o", output)).Failed(ExitStatus.Usage, "--n");
        Assert.False(File.Exists(output));
    }

    private Task<CliRun> EvalAsync(string strategy, int n, string output) => CliRun.OfAsync(
        "eval", "--dataset", "tinymath", "--start", "60", "--limit", "6", "--strategy", strategy, "--n", $"{n}", "--device", "cpu", "--output", _folder.File(output), "--json");
}
