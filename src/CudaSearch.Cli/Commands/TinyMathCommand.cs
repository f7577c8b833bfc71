using System.CommandLine;
using CudaSearch.Cli.Options;
using CudaSearch.Evaluation.Datasets;
using CudaSearch.TinyMath;

namespace CudaSearch.Cli.Commands;

/// <summary><c>tinymath</c>: prints problems of the embedded kind.</summary>
internal static class TinyMathCommand
{
    public static Command Create(CommandHost host)
    {
        Option<string> split = Values.Choice("--split", "which part of all problems", "held-out", "train", "validation", "held-out");
        Option<int?> count = Values.OptionalInteger("--count", "how many, subjects and levels taking turns [default: the fixed set of 350]", minimum: 1);
        Option<ulong> seed = Values.Seed(42);
        var command = new Command("tinymath", "Prints TinyMath problems as JSON lines.") { split, count, seed };
        command.SetAction((parsed, cancellation) =>
        {
            TinyMathSplit part = parsed.GetValue(split) switch
            {
                "train" => TinyMathSplit.Train,
                "validation" => TinyMathSplit.Validation,
                _ => TinyMathSplit.HeldOut,
            };
            foreach (TinyMathProblem problem in Problems(part, parsed.GetValue(count), parsed.GetValue(seed)))
            {
                cancellation.ThrowIfCancellationRequested();
                Write(host.Output, problem);
            }
            return Task.FromResult(ExitStatus.Done);
        });
        return command;
    }

    private static IEnumerable<TinyMathProblem> Problems(TinyMathSplit split, int? count, ulong seed) => (split, count) switch
    {
        (TinyMathSplit.HeldOut, null) => TinyMathDataset.HeldOut(),
        (TinyMathSplit.Validation, null) => TinyMathDataset.Validation(),
        _ => Draw(split, count ?? TinyMathDataset.HeldOut().Count, seed),
    };

    private static IEnumerable<TinyMathProblem> Draw(TinyMathSplit split, int count, ulong seed)
    {
        var generator = new TinyMathGenerator(seed);
        IReadOnlyList<string> subjects = TinyMathGenerator.Subjects;
        for (int i = 0; i < count; i++)
            yield return generator.Next(subjects[i % subjects.Count], 1 + (i / subjects.Count % TinyMathGenerator.Levels), split);
    }

    private static void Write(TextWriter output, TinyMathProblem problem) =>
        JsonOutput.Write(output, writer => TinyMathRows.Write(writer, problem), indented: false);
}
