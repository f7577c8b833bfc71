using System.CommandLine;
using CudaSearch.Cli.Options;
using CudaSearch.Cli.Recipes;
using CudaSearch.Cli.Rendering;
using CudaSearch.Evaluation;
using CudaSearch.Evaluation.Reports;

namespace CudaSearch.Cli.Commands;

/// <summary><c>eval</c>: searches every problem of a dataset into a file that a later call continues, then says how many were solved.</summary>
internal static class EvalCommand
{
    /// <summary>What it is called.</summary>
    public const string Name = "eval";

    public static Command Create(CommandHost host)
    {
        var recipe = new Option<string?>(RecipeArguments.RecipeOption)
        {
            Description = "take the settings from a YAML file, search-and-learn's format, or from a recipe that comes along, "
                + "such as Llama-3.2-1B-Instruct/beam_search; options given beside it hold",
        };
        var command = new Command(Name, "Searches every problem of a dataset and grades the answers.") { recipe };
        var dataset = new DatasetOptions(command);
        var folders = new FolderOptions(command);
        var systemPrompt = new Option<string?>("--system-prompt")
        {
            Description = "the system message; an empty one leaves it out [default: search-and-learn's]",
        };
        command.Add(systemPrompt);
        var search = new StrategyOptions(command);
        var json = new Option<bool>("--json") { Description = "print the accuracy table as one JSON document" };
        command.Add(json);
        var report = new Option<string?>("--report") { Description = "tell of the run on one HTML page, which needs no network; report does so for several runs" };
        Option<string?> plots = ReportCommand.PlotsOption();
        command.Add(report);
        command.Add(plots);
        var trace = TraceOption.Create();
        command.Add(trace);
        command.SetAction(async (parsed, cancellation) =>
        {
            (RunSettings settings, WorkbenchOptions models) = search.Read(parsed);
            if (parsed.GetValue(systemPrompt) is { } prompt) settings = settings with { SystemPrompt = prompt.Length > 0 ? prompt : null };
            EvaluationOptions options = dataset.Read(parsed, parsed.GetValue(recipe) is not null, settings, models.Model!);
            if (search.IsCompatible(parsed)) options = options with { Range = Compatibility.Apply(options.Range) };
            (models, options) = folders.Resolve(parsed, models, options, dataset.Split(parsed));
            options = options with { Command = host.CommandText };
            ReportCommand.Check(parsed.GetValue(report));
            using TraceOption.Recording recording = TraceOption.Begin(parsed.GetValue(trace), keep: false, host);
            using Workbench workbench = StrategyOptions.Open(host, settings, models);
            recording.Start(workbench);
            using var solver = new ProblemSolver(workbench, settings);
            var runner = new EvaluationRunner(solver, options);
            if (dataset.MakesFolder(parsed)) Directory.CreateDirectory(Path.GetDirectoryName(options.Output)!);
            EvaluationSummary summary = await RunAsync(runner, options, host, cancellation);
            if (parsed.GetValue(json)) JsonOutput.Write(host.Output, writer => AccuracyReport.WriteJson(writer, summary.Table));
            else host.Output.Write(AccuracyReport.ToMarkdown(summary.Table));
            if (parsed.GetValue(report) is not null || parsed.GetValue(plots) is not null)
                ReportCommand.Write(ReportData.Read([options.Output]), parsed.GetValue(report), parsed.GetValue(plots), host);
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
