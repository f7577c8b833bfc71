using System.Globalization;
using System.Text;

namespace CudaSearch.Evaluation.Export;

/// <summary>The README of exported data: what the Hugging Face hub reads at its top, and for people how the data was made.</summary>
public static class DatasetCard
{
    /// <summary>Markdown with YAML front matter.</summary>
    /// <param name="data">What was exported.</param>
    /// <param name="options">How.</param>
    /// <param name="source">From what.</param>
    /// <param name="command">The command that did it.</param>
    public static string Of(TrainingData data, ExportOptions options, SolutionSet source, string command)
    {
        CultureInfo culture = CultureInfo.InvariantCulture;
        StringBuilder card = new();
        int rows = data.Train.Count + data.Validation.Count;
        card.Append("---\n# license: name the licence of the problems and of the generator's output here; this exporter cannot know them\n");
        card.Append("task_categories:\n- text-generation\ntags:\n- trl\n- synthetic\n- math\n- search\n");
        card.Append(culture, $"size_categories:\n- {SizeOf(rows)}\nconfigs:\n- config_name: default\n  data_files:\n");
        card.Append("  - split: train\n    path: train.parquet\n");
        if (data.Validation.Count > 0) card.Append("  - split: validation\n    path: validation.parquet\n");
        card.Append(culture, $"---\n\n# {TitleOf(options)}\n\n{HowOf(options)}\n\n");
        card.Append("| split | examples | file |\n|---|---:|---|\n");
        card.Append(culture, $"| train | {data.Train.Count} | `train.parquet`, `train.jsonl` |\n");
        if (data.Validation.Count > 0) card.Append(culture, $"| validation | {data.Validation.Count} | `validation.parquet`, `validation.jsonl` |\n");
        card.Append("\nBoth files of a split hold the same rows in the same order.\n\n## Columns\n\n").Append(ColumnsOf(options));
        card.Append("\n## How it was made\n\n```\n").Append(command).Append("\n```\n\nfrom the runs\n\n");
        foreach (string run in source.Runs) card.Append("- `").Append(run.Replace('`', '\'')).Append("`\n");
        card.Append(culture, $"\n- {data.Problems} problems gave examples, {data.Barren} gave none.\n");
        card.Append(culture, $"- {data.Repeated} examples were dropped as repetitions of others.\n");
        card.Append(culture, $"- {data.Excluded} problems were left out because they belong to an excluded set.\n");
        if (source.Unanswered > 0) card.Append(culture, $"- {source.Unanswered} records were left out because their problems have no reference answer.\n");
        card.Append(culture, $"- Splits are by problem: a hash of its text (letter case and white space aside) puts {options.Validation:P0} of all problems, with every example of theirs, ");
        card.Append("into validation. Other exports put the same problems on the same side.\n");
        card.Append("- \"Right\" means that the final answer equals the reference answer as mathematics; the reasoning before it was not checked by hand.\n");
        return card.ToString();
    }

    private static string SizeOf(int rows) => rows switch { < 1000 => "n<1K", < 10_000 => "1K<n<10K", < 100_000 => "10K<n<100K", < 1_000_000 => "100K<n<1M", _ => "n>1M" };

    private static string TitleOf(ExportOptions options) => options.Format switch
    {
        TrainingFormat.Sft => "Verified solutions found by search",
        TrainingFormat.Prm => "Step-labelled solutions found by search",
        _ => "Preferred steps found by search",
    };

    private static string HowOf(ExportOptions options) => options.Format switch
    {
        TrainingFormat.Sft => $"For supervised fine-tuning: of each problem the {(options.PerProblem is > 1 and { } k ? $"{k} best-scored right solutions" : "best-scored right solution")}.",
        TrainingFormat.Prm when options.SoftLabels =>
            "For a process reward model: every finished solution, each step labelled with the share of the finished answers that begin so and end right.",
        TrainingFormat.Prm => "For a process reward model: every finished solution; a step is labelled true when some finished answer that begins so ends right.",
        _ => string.Create(
            CultureInfo.InvariantCulture,
            $"For preference training: wherever the search branched, the step after which most finished answers end right, against each after which fewer do (shares differ by {options.Margin} at least)."),
    };

    private static string ColumnsOf(ExportOptions options) => options.Format switch
    {
        TrainingFormat.Sft when options.PromptCompletion => "- `prompt`, `completion`: lists of messages (`role`, `content`); TRL's conversational prompt-completion layout, for `SFTTrainer`\n",
        TrainingFormat.Sft => "- `messages`: list of messages (`role`, `content`); TRL's conversational language-modelling layout, for `SFTTrainer`\n",
        TrainingFormat.Prm => "- `prompt`: the problem\n- `completions`: its steps, without the blank lines between them\n- `labels`: one a step, "
            + (options.SoftLabels ? "a number from 0 to 1 (TRL's `PRMTrainer` takes booleans: threshold them, or use a trainer with soft targets)\n" : "a boolean; TRL's stepwise-supervision layout, for `PRMTrainer`\n"),
        _ => "- `prompt`, `chosen`, `rejected`: lists of messages (`role`, `content`); TRL's preference layout, for `DPOTrainer`. `chosen` and `rejected` share all steps "
            + "before the last, which therefore weigh nothing in the comparison\n",
    };
}
