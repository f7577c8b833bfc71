using static CudaSearch.Evaluation.Recipes.RecipeField;

namespace CudaSearch.Evaluation.Recipes;

/// <summary>
/// Every field of search-and-learn's <c>Config</c> (Hugging Face, <c>src/sal/config.py</c>) and what it comes to here.
/// </summary>
public static class RecipeFields
{
    /// <summary>All fields, in the original's order.</summary>
    public static IReadOnlyList<RecipeField> All { get; } =
    [
        new("approach", "--strategy", IsSwitch: false, Approach),
        Same("model_path", "--model"),
        Ignored("gpu_memory_utilization", NoFraction,
            "both models share one budget, divided by what a token takes in each; --memory sets it"),
        new("prm_path", "--prm", IsSwitch: false, value => new FieldReading(value ?? "none")),
        Optional("output_dir", "--output-dir"),
        Ignored("num_proc", NoWholeNumber, "votes are counted while the search runs"),
        new("push_to_hub", Option: null, IsSwitch: true, PushToHub),
        Ignored("hub_dataset_id", NoText, "nothing is uploaded"),
        IgnoredSwitch("hub_dataset_private", otherwise: false, "nothing is uploaded"),
        IgnoredSwitch("overwrite_hub_revision", otherwise: false, "nothing is uploaded; an output file of the same run is continued"),
        IgnoredSwitch("apply_voting", otherwise: true, "votes are always written; search-and-learn never reads it either"),
        Same("dataset_name", "--dataset"),
        Ignored("dataset_config", NoText, "search-and-learn never reads it either; name the file with --dataset"),
        Same("dataset_split", "--dataset-split"),
        Optional("dataset_start", "--start"),
        Optional("dataset_end", "--end"),
        Optional("num_samples", "--limit"),
        new("system_prompt", "--system-prompt", IsSwitch: false, value => new FieldReading(value ?? "")),
        new("custom_chat_template", Option: null, IsSwitch: false, ChatTemplate),
        Same("n", "--n"),
        Same("temperature", "--temperature"),
        Same("top_p", "--top-p"),
        Ignored("prm_batch_size", NoWholeNumber, "the engine batches whatever waits to be scored"),
        Ignored("search_batch_size", NoWholeNumber,
            "problems are searched side by side whatever the approach, "
                + "which changes no result; --concurrency sets how many"),
        Same("seed", "--seed"),
        Same("max_tokens", "--max-tokens"),
        Same("agg_strategy", "--aggregate"),
        Same("beam_width", "--beam-width"),
        Same("num_iterations", "--iterations"),
        Same("lookahead", "--lookahead"),
        Switch("filter_duplicates", "--filter-duplicates"),
        Switch("sort_completed", "--sort-completed"),
    ];

    /// <summary>What holds when a recipe does not say otherwise, as far as it differs from the defaults without a recipe.</summary>
    public static IReadOnlyList<RecipeEntry> Defaults { get; } =
    [
        Default("approach", "best_of_n"),
        Default("model_path", "meta-llama/Llama-3.2-1B-Instruct"),
        Default("prm_path", "RLHFlow/Llama3.1-8B-PRM-Deepseek-Data"),
        Default("dataset_name", "HuggingFaceH4/MATH-500"),
        Default("n", "4"),
    ];

    /// <summary>The field of this name, written with underscores or hyphens; null when there is none.</summary>
    public static RecipeField? Find(string name)
    {
        string normal = name.Replace('-', '_');
        return All.FirstOrDefault(field => field.Name == normal);
    }

    private static RecipeEntry Default(string key, string value) => new(key, value, Line: 0);

    /// <summary>The original's three approaches; any other name is left to the option, which knows ours.</summary>
    private static FieldReading Approach(string? value) => value switch
    {
        null => new FieldReading(null, Fault: "needs a value"),
        "beam_search" or "beam-search" => new FieldReading("beam"),
        _ => new FieldReading(value.Replace('_', '-')),
    };

    /// <summary>Ignoring it would leave somebody waiting for an upload.</summary>
    private static FieldReading PushToHub(string? value) => Truth(value) switch
    {
        true => new FieldReading(null, Fault: "is true, but nothing is uploaded here; leave it out, and upload the output file yourself"),
        false => default,
        null => NoTruth(value),
    };

    /// <summary>
    /// Ignoring a template would change every prompt. Python's "none" is what search-and-learn's own instructions say to write.
    /// </summary>
    private static FieldReading ChatTemplate(string? value) => value is null || IsNull(value)
        ? default
        : new FieldReading(
            null,
                Fault: "holds a template, but templates are not run; "
                    + "the chat format is recognised from the model's tokenizer (Llama 3, ChatML). Write null, or leave it out");
}
