using System.Diagnostics;
using CudaSearch.Engine;
using CudaSearch.Evaluation;
using CudaSearch.Evaluation.Datasets;
using CudaSearch.Search;

namespace ScalingCurve;

/// <summary>Accuracy of one method at one N: mean and standard deviation over seeds, 0 to 1.</summary>
internal sealed record Point(int N, Accuracy Accuracy);

/// <summary>One line of the plot.</summary>
internal sealed record Curve(string Name, IReadOnlyList<Point> Points);

/// <summary>Runs the strategies and collects the outcomes.</summary>
internal sealed class Measurement(Workbench workbench, string folder, int problems, IReadOnlyList<Method> methods)
{
    private static readonly int[] s_sizes = [1, 4, 16, 64];
    private readonly List<string> _files = [];
    private readonly Dictionary<(string Strategy, int N), List<ProblemOutcome>> _outcomes = [];

    public int Problems => problems;

    public IReadOnlyList<Method> Methods => methods;

    /// <summary>The runs' outputs.</summary>
    public IReadOnlyList<string> Files => _files;

    public int Seeds { get; private set; }

    /// <summary>Wall seconds of each run, as measured when it was made in this process.</summary>
    public Dictionary<(string Strategy, int N), List<double>> Seconds { get; } = [];

    public async Task RunSeedAsync(ulong seed)
    {
        Seeds++;
        // Greedy does not depend on the seed.
        if (Seeds == 1) await RunAsync("greedy", 1, seed);
        // The first 1, 4 and 16 of 64 independent samples are the smaller runs.
        await RunAsync("best-of-n", 64, seed);
        foreach (Method method in methods)
        {
            foreach (int n in s_sizes[1..]) await RunAsync(method.Strategy, n, seed, method.MaxTokens);
        }
    }

    public IReadOnlyList<Curve> Curves()
    {
        AccuracyTable samples = Table("best-of-n", 64);
        Curve Samples(string name, Func<AccuracyRow, Accuracy> vote) =>
            new(name, [.. s_sizes.Select(n => new Point(n, vote(samples.Overall.Single(row => row.K == n))))]);
        Curve Searched(string name, string strategy) =>
            new(name, [.. s_sizes[1..].Select(n => new Point(n, Table(strategy, n).Overall[^1].Weighted))]);
        Accuracy single = samples.Overall.Single(row => row.K == 1).PassAtK;
        return
        [
            new Curve("single sample", [new Point(1, single)]),
            new Curve("greedy", [new Point(1, Table("greedy", 1).Overall[^1].Majority)]),
            Samples("majority", row => row.Majority),
            Samples("best-of-N, naive", row => row.Naive),
            Samples("best-of-N, weighted", row => row.Weighted),
            .. methods.Select(method => Searched($"{method.Title}, weighted", method.Strategy)),
            Samples("pass@N", row => row.PassAtK),
        ];
    }

    public AccuracyTable Table(string strategy, int n) => AccuracyTable.Compute(_outcomes[(strategy, n)]);

    private async Task RunAsync(string strategy, int n, ulong seed, int maxTokens = Method.UsualMaxTokens)
    {
        var settings = new RunSettings
        {
            Strategy = strategy,
            Seed = seed,
            Search = new SearchOptions
            {
                N = n, BeamWidth = strategy is "best-of-n" or "greedy" ? 1 : 4, Sampling = new GenerationOptions { MaxTokens = maxTokens },
            },
        };
        string output = Path.Combine(folder, $"{strategy}-{n}-seed{seed}.jsonl");
        _files.Add(output);
        using var solver = new ProblemSolver(workbench, settings);
        var runner = new EvaluationRunner(solver, new EvaluationOptions
        {
            Dataset = Workbench.TinyMath,
            Output = output,
            Range = new RowRange(Limit: problems),
        });
        var clock = Stopwatch.StartNew();
        EvaluationSummary summary = await runner.RunAsync();
        if (!_outcomes.TryGetValue((strategy, n), out List<ProblemOutcome>? outcomes)) _outcomes[(strategy, n)] = outcomes = [];
        outcomes.AddRange(summary.Outcomes);
        if (summary.Resumed == 0)
        {
            if (!Seconds.TryGetValue((strategy, n), out List<double>? seconds)) Seconds[(strategy, n)] = seconds = [];
            seconds.Add(clock.Elapsed.TotalSeconds);
        }
        AccuracyRow row = summary.Table.Overall[^1];
        Console.Error.WriteLine(
            $"{strategy} n={n} seed={seed}: weighted {row.Weighted.Mean:P1}, majority {row.Majority.Mean:P1}, pass@N {row.PassAtK.Mean:P1}, {clock.Elapsed.TotalSeconds:F0} s");
    }
}
