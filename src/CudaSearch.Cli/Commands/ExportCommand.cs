using System.CommandLine;
using System.Text.Json;
using CudaSearch.Cli.Export;
using CudaSearch.Cli.Options;
using CudaSearch.Evaluation.Datasets;
using CudaSearch.Evaluation.Export;

namespace CudaSearch.Cli.Commands;

/// <summary><c>export</c>: makes training data of finished runs.</summary>
internal static class ExportCommand
{
    public static Command Create(CommandHost host)
    {
        var runs = new Argument<string[]>("run") { Description = "outputs of eval; several are put together problem by problem", Arity = ArgumentArity.OneOrMore };
        Option<string?> format = Values.OptionalChoice(
            "--format", "sft (best verified solutions), prm (solutions with a label a step) or preference (better and worse steps)", ["sft", "prm", "preference"]);
        format.Required = true;
        var output = new Option<string>("--output", "-o") { Description = "the folder to make: train and validation as Parquet and JSON lines, and a dataset card", Required = true };
        Option<int?> perProblem = Values.OptionalInteger("--per-problem", "at most this many examples of a problem [default: 1 for sft, else all]", minimum: 1);
        Option<float> validation = Values.Real(
            "--validation", "share of the problems that becomes the validation split", 0.1f, value => value is >= 0 and < 1, "a number from 0 to below 1");
        Option<string> labels = Values.Choice(
            "--labels", "prm: whether any finished answer that goes on from a step is right (hard), or the share of them that is (soft)", "hard", "hard", "soft");
        Option<string> layout = Values.Choice("--layout", "sft: the columns", "messages", "messages", "prompt-completion");
        Option<float> margin = Values.Real(
            "--margin", "preference: by how much the shares of right answers after two steps must differ", 0.5f, value => value is > 0 and <= 1, "a number above 0, at most 1");
        var system = new Option<string?>("--system-prompt") { Description = "a system message to put before every conversation" };
        var exclude = new Option<string[]>("--exclude")
        {
            Description = "a dataset whose problems must not be learnt from, or tinymath for its held-out problems",
            DefaultValueFactory = _ => [],
        };
        var json = new Option<bool>("--json") { Description = "print the counts as one JSON document" };
        var command = new Command("export", "Makes training data of finished runs, in the layouts that TRL and Hugging Face datasets read.")
        {
            runs, format, output, perProblem, validation, labels, layout, margin, system, exclude, json,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            string folder = parsed.GetRequiredValue(output);
            ExportFolder.Check(folder);
            var options = new ExportOptions
            {
                Format = Enum.Parse<TrainingFormat>(parsed.GetRequiredValue(format)!, ignoreCase: true),
                PerProblem = parsed.GetValue(perProblem),
                // As it was typed: 0.1, not the nearest float.
                Validation = (double)(decimal)parsed.GetValue(validation),
                Margin = (double)(decimal)parsed.GetValue(margin),
                SoftLabels = parsed.GetValue(labels) == "soft",
                PromptCompletion = parsed.GetValue(layout) == "prompt-completion",
                SystemPrompt = parsed.GetValue(system),
                Excluded = parsed.GetValue(exclude)!.SelectMany(path => ProblemDataset.Load(path).Rows).Select(row => row.Problem).ToHashSet(),
            };
            SolutionSet source = SolutionReader.Read(parsed.GetRequiredValue(runs));
            TrainingData data = TrainingData.Of(source.Problems, options);
            if (data.Train.Count == 0) throw CudaSearchException.BadInput(NothingFound(source, data, options));
            await ExportFolder.WriteAsync(folder, data, DatasetCard.Of(data, options, source, host.CommandText), cancellation);
            if (parsed.GetValue(json)) JsonOutput.Write(host.Output, writer => WriteJson(writer, data));
            else host.Output.WriteLine($"{data.Train.Count} examples to train on, {data.Validation.Count} to validate with, of {data.Problems} problems, in {folder}");
            host.Error.WriteLine(
                $"{data.Barren} problems gave none, {data.Repeated} repetitions were dropped, {data.Excluded} problems were excluded; the licence in {folder}/README.md is yours to name");
            return ExitStatus.Done;
        });
        return command;
    }

    private static string NothingFound(SolutionSet source, TrainingData data, ExportOptions options)
    {
        if (source.Problems.Count == 0) return "no problem of these runs has a reference answer, so nothing can be verified; run eval on a dataset with answers";
        if (data.Validation.Count > 0) return "every example fell into the validation split; lower --validation, or give runs of more problems";
        return options.Format switch
        {
            TrainingFormat.Sft => "no solution in these runs is right",
            TrainingFormat.Prm => "these runs hold no finished solution",
            _ => $"nowhere in these runs do two steps differ by {options.Margin}; lower --margin, or give runs with more samples",
        };
    }

    private static void WriteJson(Utf8JsonWriter writer, TrainingData data)
    {
        writer.WriteStartObject();
        writer.WriteNumber("train", data.Train.Count);
        writer.WriteNumber("validation", data.Validation.Count);
        writer.WriteNumber("problems", data.Problems);
        writer.WriteNumber("problems_without_examples", data.Barren);
        writer.WriteNumber("repetitions_dropped", data.Repeated);
        writer.WriteNumber("problems_excluded", data.Excluded);
        writer.WriteEndObject();
    }
}
