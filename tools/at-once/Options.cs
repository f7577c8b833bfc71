using CudaSearch.Engine;
using CudaSearch.Evaluation;
using CudaSearch.Evaluation.Datasets;
using CudaSearch.Search;
using CudaSearch.Verification;

namespace AtOnce;

/// <summary>What to measure: <c>name=value</c> arguments.</summary>
internal sealed record Options
{
    public const string Usage =
        "usage: at-once [n=4,16,64] [problems=8] [rounds=9] [strategy=beam] [iterations=40] [max-tokens=2048] [threads=0]\n"
        + "               [model=DIR] [prm=DIR] [prm-format=FORMAT] [dataset=FILE]      (TinyMath where they are left out)";

    public IReadOnlyList<int> Sizes { get; private init; } = [4, 16, 64];

    public int Problems { get; private init; } = 8;

    public int Rounds { get; private init; } = 9;

    public string Strategy { get; private init; } = "beam";

    public SearchOptions Search { get; private init; } = new();

    public WorkbenchOptions Workbench { get; private init; } = new() { Device = "cpu" };

    public string? Dataset { get; private init; }

    /// <exception cref="FormatException">An argument is none of ours, or its number is none.</exception>
    public static Options Parse(IEnumerable<string> args)
    {
        var options = new Options();
        foreach (string arg in args) options = options.With(arg);
        return options;
    }

    public IReadOnlyList<string> LoadProblems()
    {
        IEnumerable<DatasetRow> rows = Dataset is null ? TinyMathRows.HeldOut() : ProblemDataset.Load(Dataset).Rows;
        return [.. rows.Take(Problems).Select(row => row.Problem)];
    }

    private Options With(string arg)
    {
        string value = arg[(arg.IndexOf('=') + 1)..];
        return arg.Split('=')[0] switch
        {
            "n" => this with { Sizes = [.. value.Split(',').Select(int.Parse)] },
            "problems" => this with { Problems = int.Parse(value) },
            "rounds" => this with { Rounds = int.Parse(value) },
            "strategy" => this with { Strategy = value },
            "iterations" => this with { Search = Search with { Iterations = int.Parse(value) } },
            "max-tokens" => this with { Search = Search with { Sampling = new GenerationOptions { MaxTokens = int.Parse(value) } } },
            "threads" => this with { Workbench = Workbench with { Threads = int.Parse(value) } },
            "model" => this with { Workbench = Workbench with { Model = value } },
            "prm" => this with { Workbench = Workbench with { Prm = value } },
            "prm-format" => this with { Workbench = Workbench with { PrmOptions = new PrmOptions { Format = PrmFormatNames.Parse(value) } } },
            "dataset" => this with { Dataset = value },
            _ => throw new FormatException($"{arg} is no argument of this tool"),
        };
    }
}
