using System.CommandLine;
using CudaSearch.Evaluation;
using CudaSearch.Evaluation.Datasets;
using CudaSearch.Evaluation.Recipes;

namespace CudaSearch.Cli.Options;

/// <summary>Which rows of which dataset, and where their records go.</summary>
internal sealed class DatasetOptions
{
    private readonly Option<string> _dataset = new("--dataset")
    {
        Description = "JSON lines, CSV or TSV with a problem and, to be graded, an answer a row; or tinymath, its 350 held-out problems",
        Required = true,
    };

    private readonly Option<string> _split = new("--dataset-split")
    {
        Description = "the split of a dataset that is named as on the Hugging Face hub",
        DefaultValueFactory = _ => "test",
    };

    private readonly Option<string?> _output = new("--output", "-o")
    {
        Description = "where the records go, one JSON line a problem; a file of the same run is continued",
    };

    private readonly Option<string?> _outputFolder = new("--output-dir")
    {
        Description =
            "in place of --output: the folder of a file named as search-and-learn does, APPROACH_completions.jsonl "
            + "[default with a recipe: data/MODEL]",
    };

    private readonly Option<string[]> _columns = new("--column")
    {
        Description = "what the dataset's columns hold where that does not show, such as problem=question,answer=gold",
        DefaultValueFactory = _ => [],
    };

    private readonly Option<int?> _limit = Values.OptionalInteger(
        "--limit", "take at most this many problems; also --num-samples", minimum: 1);
    private readonly Option<int?> _start = Values.OptionalInteger("--start", "the first row to take, from 0", minimum: 0);
    private readonly Option<int?> _end = Values.OptionalInteger("--end", "the row before which to stop", minimum: 0);

    private readonly Option<string?> _shard = Values.Text(
        "--shard", "take one of n equal shares of the rows, such as 2/8; merge puts their outputs together", otherwise: null,
        text => Shard.TryParse(text) is null
            ? $"--shard is {text}; it must be a number and a count such as 2/8, the second of eight"
            : null);

    private readonly Option<int> _concurrency = Values.Integer(
        "--concurrency", "problems searched at once, which does not change results; 0 chooses", 0, minimum: 0);

    public DatasetOptions(Command command)
    {
        foreach (Option option in (Option[])[_dataset, _split, _columns, _output, _outputFolder, _limit, _start, _end, _shard, _concurrency])
            command.Add(option);
    }

    /// <summary>What to evaluate, with the dataset as it was named.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="recipe">Whether a recipe is behind it, whose default output then holds.</param>
    /// <param name="settings">The run, which names search-and-learn's default output and decides on its row ranges.</param>
    /// <param name="model">The generator as it was named.</param>
    /// <exception cref="UsageException">There is no output, two of them, or an empty range.</exception>
    public EvaluationOptions Read(ParseResult parsed, bool recipe, RunSettings settings, string model)
    {
        var range = new RowRange(parsed.GetValue(_start), parsed.GetValue(_end), parsed.GetValue(_limit));
        if (range.End <= (range.Start ?? 0))
            throw new UsageException(
            $"--start {range.Start ?? 0} --end {range.End}: the range is empty; the end is the row after the last one to take");
        ColumnMapping? columns = null;
        UsageException.Check(() => columns = ColumnMapping.Parse(parsed.GetValue(_columns)!));
        return new EvaluationOptions
        {
            Dataset = parsed.GetRequiredValue(_dataset),
            Output = Output(parsed, recipe, settings.Strategy, model),
            Range = range,
            Shard = parsed.GetValue(_shard) is { } shard ? Shard.TryParse(shard)! : Shard.Whole,
            Columns = columns!,
            Concurrency = parsed.GetValue(_concurrency),
        };
    }

    /// <summary>Whether the folder of the output is one that the user need not have made: it was not named, or only the folder was.</summary>
    public bool MakesFolder(ParseResult parsed) => parsed.GetValue(_output) is null;

    /// <summary>The split that was asked for.</summary>
    public string Split(ParseResult parsed) => parsed.GetValue(_split)!;

    private string Output(ParseResult parsed, bool recipe, string strategy, string model)
    {
        if (parsed.GetValue(_output) is { } output) return output;
        string? folder = parsed.GetValue(_outputFolder) ?? (recipe ? Path.Combine("data", HubFolders.IsHubName(model) ? model : Path.GetFileName(Path.TrimEndingDirectorySeparator(model))) : null);
        if (folder is null) throw new UsageException("Option '--output' is required; give the file that the records go to");
        string approach = strategy switch { "best-of-n" => "best_of_n", "beam" => "beam_search", _ => strategy };
        return Path.Combine(folder, $"{approach}_completions.jsonl");
    }
}
