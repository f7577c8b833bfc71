using System.CommandLine;
using CudaSearch.Cli.Options;
using CudaSearch.Cli.Rendering;
using CudaSearch.Evaluation;

namespace CudaSearch.Cli.Commands;

/// <summary><c>eval</c>: searches every problem of a dataset into a file that a later call continues, then says how many were solved.</summary>
internal static class EvalCommand
{
    public static Command Create(CommandHost host)
    {
        var dataset = new Option<string>("--dataset")
        {
            Description = "JSON lines with problem and, to be graded, answer; or tinymath, its 350 held-out problems",
            Required = true,
        };
        var output = new Option<string>("--output", "-o")
        {
            Description = "where the records go, one JSON line a problem; a file of the same run is continued",
            Required = true,
        };
        Option<int?> limit = Values.OptionalInteger("--limit", "take at most this many problems", minimum: 1);
        Option<int?> start = Values.OptionalInteger("--start", "the first row to take, from 0", minimum: 0);
        Option<int?> end = Values.OptionalInteger("--end", "the row before which to stop", minimum: 0);
        Option<int> concurrency = Values.Integer("--concurrency", "problems searched at once, which does not change results; 0 chooses", 0, minimum: 0);
        var json = new Option<bool>("--json") { Description = "print the accuracy table as one JSON document" };
        var command = new Command("eval", "Searches every problem of a dataset and grades the answers.") { dataset, output, limit, start, end, concurrency };
        var search = new StrategyOptions(command);
        command.Add(json);
        command.SetAction(async (parsed, cancellation) =>
        {
            (RunSettings settings, WorkbenchOptions models) = search.Read(parsed);
            var range = new RowRange(parsed.GetValue(start), parsed.GetValue(end), parsed.GetValue(limit));
            if (range.End <= (range.Start ?? 0)) throw new UsageException($"--start {range.Start ?? 0} --end {range.End}: the range is empty; the end is the row after the last one to take");
            var options = new EvaluationOptions
            {
                Dataset = parsed.GetRequiredValue(dataset), Output = parsed.GetRequiredValue(output), Range = range, Concurrency = parsed.GetValue(concurrency),
            };
            using Workbench workbench = StrategyOptions.Open(host, settings, models);
            using var solver = new ProblemSolver(workbench, settings);
            var runner = new EvaluationRunner(solver, options);
            EvaluationSummary summary = await RunAsync(runner, options, host, cancellation);
            if (parsed.GetValue(json)) JsonOutput.Write(host.Output, writer => AccuracyReport.WriteJson(writer, summary.Table));
            else host.Output.Write(AccuracyReport.ToMarkdown(summary.Table));
            return ExitStatus.Done;
        });
        return command;
    }

    private static async Task<EvaluationSummary> RunAsync(EvaluationRunner runner, EvaluationOptions options, CommandHost host, CancellationToken cancellation)
    {
        var view = new EvaluationView(host);
        try
        {
            EvaluationSummary summary = await view.ShowAsync(progress => runner.RunAsync(progress, cancellation));
            string resumed = summary.Resumed > 0 ? $", {summary.Resumed} of them by earlier runs" : "";
            host.Error.WriteLine($"{summary.Problems} problems in {options.Output}{resumed} · {summary.Run.Model} on {summary.Run.Device}");
            return summary;
        }
        catch (OperationCanceledException)
        {
            host.Error.WriteLine($"what is finished is in {options.Output}; the same command goes on from there");
            throw;
        }
    }
}
