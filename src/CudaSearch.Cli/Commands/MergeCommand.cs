using System.CommandLine;
using CudaSearch.Evaluation;
using CudaSearch.Evaluation.Merging;

namespace CudaSearch.Cli.Commands;

/// <summary><c>merge</c>: puts the outputs of <c>eval --shard</c> together.</summary>
internal static class MergeCommand
{
    public static Command Create(CommandHost host)
    {
        var inputs = new Argument<string[]>("files") { Description = "the shards' outputs, in any order", Arity = ArgumentArity.OneOrMore };
        var output = new Option<string>("--output", "-o") { Description = "the file to make; it must not exist", Required = true };
        var json = new Option<bool>("--json") { Description = "print the accuracy table as one JSON document" };
        var command = new Command(
            "merge", "Puts the outputs of eval's shards together, if they are one run and no row is missing or there twice.")
            { inputs, output, json };
        command.SetAction(parsed =>
        {
            string file = parsed.GetRequiredValue(output);
            MergeSummary merged = RunMerger.Merge(parsed.GetRequiredValue(inputs), file);
            if (parsed.GetValue(json)) JsonOutput.Write(host.Output, writer => AccuracyReport.WriteJson(writer, merged.Table));
            else host.Output.Write(AccuracyReport.ToMarkdown(merged.Table));
            host.Error.WriteLine($"{merged.Problems} problems in {file}");
            return ExitStatus.Done;
        });
        return command;
    }
}
