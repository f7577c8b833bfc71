using System.CommandLine;
using CudaSearch.Cli.Options;
using CudaSearch.Evaluation;
using CudaSearch.Evaluation.Subsampling;

namespace CudaSearch.Cli.Commands;

/// <summary><c>subsample</c>: the run of a smaller n out of a finished one.</summary>
internal static class SubsampleCommand
{
    public static Command Create(CommandHost host)
    {
        var input = new Argument<string>("run") { Description = "a finished output of eval: best-of-n, majority, revision, or dvts and confidence by whole subtrees" };
        Option<int> n = Values.RequiredInteger("--n", "answers a problem to keep: the first", minimum: 1, "-n");
        var output = new Option<string>("--output", "-o") { Description = "the file to make; it must not exist", Required = true };
        var json = new Option<bool>("--json") { Description = "print the accuracy table as one JSON document" };
        var command = new Command(
            "subsample", "Makes the run of a smaller n out of a finished one, where its first answers are what a run of that n would have written.")
            { input, n, output, json };
        command.SetAction(parsed =>
        {
            string file = parsed.GetRequiredValue(output);
            SubsampleSummary cut = RunSubsampler.Subsample(parsed.GetRequiredValue(input), parsed.GetRequiredValue(n), file);
            if (parsed.GetValue(json)) JsonOutput.Write(host.Output, writer => AccuracyReport.WriteJson(writer, cut.Table));
            else host.Output.Write(AccuracyReport.ToMarkdown(cut.Table));
            host.Error.WriteLine($"{cut.Problems} problems in {file}, the first {parsed.GetRequiredValue(n)} of {cut.From} answers each");
            return ExitStatus.Done;
        });
        return command;
    }
}
