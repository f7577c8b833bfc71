using System.Diagnostics;
using CudaSearch.Evaluation;
using CudaSearch.Search;

namespace AtOnce;

/// <summary>The same searches one by one and all at once, in turn, so that what else the machine does falls on both.</summary>
internal sealed class Rounds(Workbench workbench, Options options, IReadOnlyList<string> problems)
{
    /// <summary>Seconds one by one and at once, and their ratio, of every round.</summary>
    public async Task<IReadOnlyList<(double Alone, double Together)>> MeasureAsync(int n)
    {
        using var solver = new ProblemSolver(workbench, new RunSettings { Strategy = options.Strategy, Search = options.Search with { N = n } });
        // Once each unmeasured: code is compiled, buffers grow, and the prompts enter both prefix caches.
        string[] trees = await AloneAsync(solver);
        Compare(trees, await TogetherAsync(solver));
        var seconds = new List<(double, double)>();
        for (int round = 0; round < options.Rounds; round++)
        {
            long start = Stopwatch.GetTimestamp();
            Compare(trees, await AloneAsync(solver));
            long between = Stopwatch.GetTimestamp();
            Compare(trees, await TogetherAsync(solver));
            seconds.Add((Stopwatch.GetElapsedTime(start, between).TotalSeconds, Stopwatch.GetElapsedTime(between).TotalSeconds));
        }
        return seconds;
    }

    private async Task<string[]> AloneAsync(ProblemSolver solver)
    {
        var trees = new List<string>();
        foreach (string problem in problems) trees.Add(await GrowAsync(solver, problem));
        return [.. trees];
    }

    private Task<string[]> TogetherAsync(ProblemSolver solver) => Task.WhenAll(problems.Select(problem => GrowAsync(solver, problem)));

    private static async Task<string> GrowAsync(ProblemSolver solver, string problem)
    {
        var tree = new SearchTree();
        await solver.SolveAsync(problem, tree);
        return string.Join('\n', tree.Nodes.Select(node => $"{node.Id} {node.Parent?.Id} {node.Score:R} {node.State} {node.Step}"));
    }

    private static void Compare(string[] expected, string[] actual)
    {
        if (!expected.SequenceEqual(actual)) throw new InvalidOperationException("a search grew another tree than the one before: figures of wrong results are worth nothing");
    }
}
