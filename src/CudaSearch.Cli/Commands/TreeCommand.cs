using System.CommandLine;
using System.Text.Json;
using CudaSearch.Engine.Tracing;
using CudaSearch.Evaluation.Reports;

namespace CudaSearch.Cli.Commands;

/// <summary><c>tree</c>: the search of one problem of a run, as a page; two runs side by side.</summary>
internal static class TreeCommand
{
    public static Command Create(CommandHost host)
    {
        var run = new Argument<string>("run") { Description = "an output of eval, or of solve --json, recorded with --record-tree" };
        var problem = new Option<string?>("--problem") { Description = "which problem: its row in the dataset, or its unique_id; not needed where the run has one only" };
        var compare = new Option<string?>("--compare") { Description = "another run, whose search of the same problem stands beside it" };
        var trace = new Option<string?>("--trace") { Description = "the trace of the first run: shows the pages of the caches as well" };
        var output = new Option<string>("--output", "-o") { Description = "the page to write", Required = true };
        var command = new Command("tree", "Shows one problem's search as a page that can be stepped through: every step, its scores, what became of it and why.")
            { run, problem, compare, trace, output };
        command.SetAction(parsed =>
        {
            string? wanted = parsed.GetValue(problem);
            List<TreeRun> runs = [RunRecords.Find(parsed.GetRequiredValue(run), wanted)];
            if (parsed.GetValue(compare) is { } other) runs.Add(RunRecords.Find(other, wanted ?? RowOf(runs[0].Record)));
            IReadOnlyList<TraceEvent>? events = parsed.GetValue(trace) is { } path ? TraceFile.Read(path) : null;
            PageFile.Write(parsed.GetRequiredValue(output), TreePage.Render(runs, events, events is null ? null : KvCommand.TokenizerOf(events)));
            host.Error.WriteLine($"the page is in {parsed.GetRequiredValue(output)}");
            return ExitStatus.Done;
        });
        return command;
    }

    private static string? RowOf(JsonElement record) => record.TryGetProperty("row", out JsonElement row) ? row.ToString() : null;
}
