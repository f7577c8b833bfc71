using System.Globalization;
using CudaSearch.Evaluation;
using CudaSearch.Evaluation.Datasets;
using CudaSearch.Search;

namespace CudaSearch.Tests.Evaluation;

/// <summary>Eight problems searched at once grow the trees that they grow one by one: every step, score and decision, bit for bit.</summary>
public sealed class ConcurrentTreesTests
{
    private const int Problems = 8;

    [Theory]
    [InlineData("beam")]
    [InlineData("confidence")]
    public async Task EightProblemsAtOnceGrowTheTreesThatTheyGrowOneByOne(string strategy)
    {
        string[] problems = [.. TinyMathRows.HeldOut().Skip(100).Take(Problems).Select(row => row.Problem)];
        string[] alone = await GrowAsync(strategy, threads: 1, async grow =>
        {
            var trees = new List<string>();
            foreach (string problem in problems) trees.Add(await grow(problem));
            return [.. trees];
        });
        string[] together = await GrowAsync(strategy, threads: 2, grow => Task.WhenAll(problems.Select(grow)));
        for (int i = 0; i < Problems; i++) Assert.Equal(alone[i], together[i]);
        Assert.Equal(Problems, alone.Distinct().Count());
        Assert.All(alone, tree => Assert.True(tree.Count(c => c == '\n') > 16, "a tree of more than its first steps"));
    }

    private static async Task<string[]> GrowAsync(string strategy, int threads, Func<Func<string, Task<string>>, Task<string[]>> run)
    {
        using Workbench workbench = Workbench.Open(new WorkbenchOptions { Device = "cpu", Threads = threads });
        using var solver = new ProblemSolver(workbench, new RunSettings { Strategy = strategy, Seed = 5, Search = new SearchOptions { N = 16, BeamWidth = 4 } });
        return await run(async problem =>
        {
            var tree = new SearchTree();
            await solver.SolveAsync(problem, tree, TestContext.Current.CancellationToken);
            return string.Join('\n', tree.Nodes.Select(Show));
        });
    }

    // A double's shortest text that reads back as the same: equal texts are equal bits.
    private static string Show(SearchNode node) => string.Create(
        CultureInfo.InvariantCulture, $"{node.Id} {node.Parent?.Id} {node.Beam} {node.Score:R} {node.State} {node.Step.ReplaceLineEndings("|")}");
}
