using System.CommandLine;
using CudaSearch.Cli.Options;
using CudaSearch.Engine;
using CudaSearch.Evaluation.Datasets;
using CudaSearch.Evaluation;
using CudaSearch.Evaluation.ProcessBench;
using CudaSearch.Verification;

namespace CudaSearch.Cli.Commands;

/// <summary><c>eval-prm</c>: how well a judge finds the first wrong step of solutions whose errors are known.</summary>
internal static class EvalPrmCommand
{
    public static Command Create(CommandHost host)
    {
        var dataset = new Option<string>("--dataset")
        {
            Description = "JSON lines in ProcessBench's layout: problem, steps, label (the first wrong step from 0, or -1); "
                + "or tinymath, two solutions for each held-out problem",
            Required = true,
        };
        Option<float> threshold = Values.Real(
            "--threshold", "a step that scores below this is called wrong", 0.5f, value => value is > 0 and <= 1, "a number greater than 0, at most 1");
        Option<int?> limit = Values.OptionalInteger("--limit", "take at most this many rows, or problems of tinymath", minimum: 1);
        Option<int?> start = Values.OptionalInteger("--start", "the first row to take, from 0", minimum: 0);
        Option<int?> end = Values.OptionalInteger("--end", "the row before which to stop", minimum: 0);
        Option<ulong> seed = Values.Seed(42);
        var output = new Option<string?>("--output", "-o") { Description = "write every solution's label, prediction and scores here, one JSON line each" };
        var plot = new Option<string?>("--plot") { Description = "draw the calibration here, as SVG" };
        var json = new Option<bool>("--json") { Description = "print the measures as one JSON document" };
        var command = new Command("eval-prm", "Measures how well a process reward model or another verifier finds first errors (ProcessBench).")
        {
            dataset, threshold, limit, start, end, seed, output, plot,
        };
        var verifiers = new VerifierOptions(command, searches: false);
        var models = new ModelOptions(command, generates: false, judges: true);
        command.Add(json);
        command.SetAction(async (parsed, cancellation) =>
        {
            JudgeOptions judge = verifiers.Read(parsed);
            if (judge.Uses(JudgeKind.Oracle))
                throw new UsageException("--verifier oracle says nothing of single steps, so there is nothing to measure; use prm, rules or program");
            WorkbenchOptions? needed = judge.UsesPrm ? models.ReadVerifier(parsed) : null;
            IReadOnlyList<LabelledSolution> solutions = Load(
                parsed.GetRequiredValue(dataset), new RowRange(parsed.GetValue(start), parsed.GetValue(end), parsed.GetValue(limit)), parsed.GetValue(seed));
            using Workbench? workbench = needed is null ? null : Models.Open(host, needed);
            var usage = new Usage();
            IReadOnlyList<JudgedSolution> judged = await JudgeEvaluation.RunAsync(
                solutions, judge, () => new PrmVerifier(workbench!.Verifier!, usage, SystemPrompt.Default), new Progress(host.Error, solutions.Count), cancellation);

            double below = double.Parse(parsed.GetValue(threshold).ToString()); // 0.7f is meant as 0.7
            JudgeSummary summary = JudgeSummary.Of(judge.Describe(workbench?.PrmName), judged, below);
            if (parsed.GetValue(output) is { } records) await WriteAsync(records, Records(judged, below), cancellation);
            if (parsed.GetValue(plot) is { } drawing) await WriteAsync(drawing, CalibrationPlot.ToSvg(summary), cancellation);
            if (parsed.GetValue(json)) JsonOutput.Write(host.Output, writer => JudgeReport.WriteJson(writer, summary));
            else host.Output.Write(JudgeReport.ToMarkdown(summary));
            return ExitStatus.Done;
        });
        return command;
    }

    private static IReadOnlyList<LabelledSolution> Load(string dataset, RowRange range, ulong seed)
    {
        if (range.End <= (range.Start ?? 0))
            throw new UsageException($"--start {range.Start ?? 0} --end {range.End}: the range is empty; the end is the row after the last one to take");
        return dataset == Workbench.TinyMath ? TinyMathSolutions.HeldOut(range, seed) : ProcessBenchDataset.Load(dataset, range);
    }

    private static string Records(IReadOnlyList<JudgedSolution> judged, double threshold)
    {
        using var text = new StringWriter();
        foreach (JudgedSolution solution in judged) JsonOutput.Write(text, writer => JudgeReport.WriteSolution(writer, solution, threshold), indented: false);
        return text.ToString();
    }

    private static async Task WriteAsync(string path, string text, CancellationToken cancellation)
    {
        try
        {
            await File.WriteAllTextAsync(path, text, cancellation);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw CudaSearchException.BadInput($"cannot write {path}: {e.Message}", e);
        }
    }

    /// <summary>A line now and then.</summary>
    private sealed class Progress(TextWriter error, int total) : IProgress<int>
    {
        private static readonly long s_interval = TimeSpan.FromSeconds(5).Ticks;

        private long _next = DateTime.UtcNow.Ticks + s_interval;

        public void Report(int value)
        {
            long now = DateTime.UtcNow.Ticks, next = Interlocked.Read(ref _next);
            if (now < next || Interlocked.CompareExchange(ref _next, now + s_interval, next) != next) return;
            error.WriteLine($"{value}/{total} solutions judged");
        }
    }
}
