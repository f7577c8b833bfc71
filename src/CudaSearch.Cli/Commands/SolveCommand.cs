using System.CommandLine;
using System.Text.Json;
using CudaSearch.Cli.Options;
using CudaSearch.Cli.Rendering;
using CudaSearch.Evaluation;
using CudaSearch.Evaluation.Reports;
using CudaSearch.Search;
using CudaSearch.TinyMath;

namespace CudaSearch.Cli.Commands;

/// <summary><c>solve</c>: searches one problem and shows how.</summary>
internal static class SolveCommand
{
    // A problem of level 4, which shows a search that errs and recovers.
    private const int SampleIndex = 31;

    public static Command Create(CommandHost host)
    {
        var problem = new Argument<string?>("problem")
        {
            Description = "the problem's text, or - to read it from standard input; without it --file, what is piped in, or else a sample",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var file = new Option<string?>("--file", "-f") { Description = "read the problem from this file" };
        var json = new Option<bool>("--json") { Description = "print the result as one JSON document" };
        var page = new Option<string?>("--tree") { Description = "write an HTML page of the whole search: steps, scores, votes, iterations, KV pages" };
        var trace = TraceOption.Create();
        var command = new Command("solve", "Searches for the solution of one problem and shows the search.") { problem, file };
        var search = new StrategyOptions(command);
        command.Add(page);
        command.Add(trace);
        command.Add(json);
        command.SetAction(async (parsed, cancellation) =>
        {
            (RunSettings settings, WorkbenchOptions models) = search.Read(parsed);
            using TraceOption.Recording recording = TraceOption.Begin(parsed.GetValue(trace), keep: parsed.GetValue(page) is not null, host);
            using Workbench workbench = StrategyOptions.Open(host, settings, models);
            recording.Start(workbench);
            string text = await ReadProblemAsync(parsed.GetValue(problem), parsed.GetValue(file), host, cancellation);
            using var solver = new ProblemSolver(workbench, settings);
            var tree = new SearchTree();
            SolveRecord record = await SearchAsync(solver, settings, text, tree, workbench, host, cancellation);
            if (parsed.GetValue(page) is { } pageFile) WritePage(pageFile, record with { Tree = tree }, recording, workbench, host);
            if (parsed.GetValue(json)) JsonOutput.Write(host.Output, writer => record.Write(writer));
            else SolveReport.Write(record, host);
            return ExitStatus.Done;
        });
        return command;
    }

    private static async Task<SolveRecord> SearchAsync(
        ProblemSolver solver, RunSettings settings, string problem, SearchTree tree, Workbench workbench, CommandHost host, CancellationToken cancellation)
    {
        SolveReport.WriteHeader(problem, settings, host);
        var meter = new SearchMeter(() => workbench.Status, TimeProvider.System);
        ISearchView view = host.Live is { } console ? new LiveSearchView(console, settings.Search.N, meter) : new PlainSearchView(host.Error, meter);
        SolveRecord record = await view.ShowAsync(tree, () => solver.SolveAsync(problem, tree, cancellation));
        view.Conclude(SolveReport.ChosenCompletion(record).Text);
        return record;
    }

    private static void WritePage(string file, SolveRecord record, TraceOption.Recording recording, Workbench workbench, CommandHost host)
    {
        using var written = new MemoryStream();
        using (var writer = new Utf8JsonWriter(written)) record.Write(writer);
        using JsonDocument document = JsonDocument.Parse(written.ToArray());
        TreeRun run = TreeRun.Read(document.RootElement, "the search");
        PageFile.Write(file, TreePage.Render([run], recording.Events, workbench.Generator.Tokenizer));
        host.Error.WriteLine($"the page is in {file}");
    }

    private static async Task<string> ReadProblemAsync(string? argument, string? file, CommandHost host, CancellationToken cancellation)
    {
        if (argument is not null && file is not null) throw new UsageException("give the problem as an argument or with --file, not both");
        if (argument is not null and not "-") return argument;
        string? text = await TextSource.ReadAsync(argument ?? file, host, cancellation);
        if (text is not null) return text.Trim();
        TinyMathProblem sample = TinyMathDataset.HeldOut()[SampleIndex];
        host.Error.WriteLine($"no problem given, so here is one that the models never saw: {sample.UniqueId} (its answer is {sample.Answer})");
        return sample.Problem;
    }
}
