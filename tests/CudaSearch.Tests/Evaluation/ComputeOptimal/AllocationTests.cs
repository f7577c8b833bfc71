using System.Text.Json.Nodes;
using CudaSearch.Evaluation.ComputeOptimal;
using CudaSearch.Tests.Checkpoints;

namespace CudaSearch.Tests.Evaluation.ComputeOptimal;

/// <summary>Compute-optimal allocation on made-up runs whose best choice is known.</summary>
public sealed class AllocationTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    // Sampling solves the easy half, beam search the hard half: either alone solves half of all, the right one of each bin everything.
    [Fact]
    public void EachBinGetsTheMethodThatSolvesIt()
    {
        string samples = Run("samples", "best-of-n", seed: 1, i => i < 100 ? [7, 7, 7, 7] : [0, 0, 7, 0], i => i < 100 ? 0.9 : 0.2);
        string beams = Run("beams", "beam", seed: 1, i => i < 100 ? [0, 0, 0, 0] : [7, 7, 7, 7], _ => 0.5);
        IReadOnlyList<GradedRun> runs = RunSet.Read([samples, beams]);
        foreach (DifficultyMeasure measure in Enum.GetValues<DifficultyMeasure>())
        {
            Difficulty difficulty = Difficulty.ByQuantile(Difficulty.Ease(runs, measure), bins: 2);
            BudgetAllocation four = Allocation.Of(runs, difficulty, 4)!;
            Assert.Equal(1.0, four.Optimal.Mean);
            Assert.InRange(four.Single.Mean, 0.35, 0.65);
            Assert.StartsWith("best-of-n", four.Choices[0].Name, StringComparison.Ordinal);
            Assert.StartsWith("beam", four.Choices[1].Name, StringComparison.Ordinal);
            // Only independent samples show what two completions would have done.
            BudgetAllocation two = Allocation.Of(runs, difficulty, 2)!;
            Assert.All(two.Choices, choice => Assert.StartsWith("best-of-n", choice.Name, StringComparison.Ordinal));
            Assert.Equal(0.5, two.Optimal.Mean);
            Assert.Equal(50, two.OptimalTokens);
        }
        Assert.Equal([1, 2, 4], RunSet.Budgets(runs));
        Assert.Null(Allocation.Of(runs, Difficulty.ByThresholds(Difficulty.Ease(runs, DifficultyMeasure.Prm), [0.5]), 8));
    }

    // A lucky method must not be measured on the problems that made it look good: with noise alone, nothing is gained.
    [Fact]
    public void NoiseIsNotMistakenForSkill()
    {
        var random = new Random(1);
        string[] paths = [.. Enumerable.Range(0, 6).Select(method => Run($"noise{method}", $"method{method}", 1, _ => [random.Next(2) * 7], _ => 0.5))];
        string samples = Run("samples", "best-of-n", 1, _ => [random.Next(2) * 7], _ => random.NextDouble());
        IReadOnlyList<GradedRun> runs = RunSet.Read([.. paths, samples]);
        Difficulty difficulty = Difficulty.ByQuantile(Difficulty.Ease(runs, DifficultyMeasure.Prm), bins: 5);
        Assert.InRange(Allocation.Of(runs, difficulty, 1)!.Optimal.Mean, 0.38, 0.62);
    }

    [Fact]
    public void TheSpreadIsThatOfTheSeeds()
    {
        string first = Run("first", "best-of-n", seed: 1, i => [i < 100 ? 7 : 0], _ => 0.5), second = Run("second", "best-of-n", seed: 2, i => [i < 120 ? 7 : 0], _ => 0.5);
        IReadOnlyList<GradedRun> runs = RunSet.Read([first, second]);
        BudgetAllocation one = Allocation.Of(runs, Difficulty.ByQuantile(Difficulty.Ease(runs, DifficultyMeasure.Oracle), bins: 3), 1)!;
        Assert.Equal(0.55, one.Optimal.Mean, 1e-12);
        Assert.Equal(Math.Sqrt(0.005), one.Optimal.StandardDeviation!.Value, 1e-12);
    }

    [Fact]
    public void QuantileBinsAreEqualAndThresholdsCutWhereTheySay()
    {
        Dictionary<string, double> ease = Enumerable.Range(0, 10).ToDictionary(i => $"p{i}", i => i / 10.0);
        Difficulty quantiles = Difficulty.ByQuantile(ease, bins: 5);
        Assert.All(ease.Keys.GroupBy(quantiles.BinOf), bin => Assert.Equal(2, bin.Count()));
        Assert.Equal((0, 4), (quantiles.BinOf("p9"), quantiles.BinOf("p0")));
        Difficulty cut = Difficulty.ByThresholds(ease, [0.8, 0.15]);
        Assert.Equal([0, 0, 1, 1, 2], new[] { "p9", "p8", "p7", "p2", "p1" }.Select(cut.BinOf));
    }

    [Fact]
    public void RunsThatDoNotBelongTogetherAreRefused()
    {
        string run = Run("run", "best-of-n", 1, _ => [7], _ => 0.5);
        string other = _folder.File("other.jsonl");
        File.WriteAllLines(other, File.ReadAllLines(run).Skip(1));
        Assert.Contains("lacks the problem", Assert.Throws<CudaSearchException>(() => RunSet.Read([run, other])).Message, StringComparison.Ordinal);
        Assert.Contains("same run", Assert.Throws<CudaSearchException>(() => RunSet.Read([run, run])).Message, StringComparison.Ordinal);
        File.AppendAllText(other, "{\"problem\":\"p\"}\n");
        Assert.Contains("line 200", Assert.Throws<CudaSearchException>(() => RunSet.Read([other])).Message, StringComparison.Ordinal);
        IReadOnlyList<GradedRun> beams = RunSet.Read([Run("beams", "beam", 1, _ => [7], _ => 0.5)]);
        Assert.Contains("best-of-n", Assert.Throws<CudaSearchException>(() => Difficulty.Ease(beams, DifficultyMeasure.Prm)).Message, StringComparison.Ordinal);
    }

    /// <summary>A run of 200 problems whose answer is 7: each problem's answers, all with one score.</summary>
    private string Run(string name, string strategy, ulong seed, Func<int, int[]> answers, Func<int, double> score)
    {
        string path = _folder.File($"{name}.jsonl");
        File.WriteAllLines(path, Enumerable.Range(0, 200).Select(i =>
        {
            int[] given = answers(i);
            return new JsonObject
            {
                ["problem"] = $"problem {i}",
                ["answer"] = "7",
                ["strategy"] = strategy,
                ["n"] = given.Length,
                ["seed"] = seed,
                ["settings"] = "",
                ["prm"] = "prm",
                ["completions"] = new JsonArray([.. given.Select(answer => (JsonNode)$"The answer is $\\boxed{{{answer}}}$")]),
                ["agg_scores"] = new JsonArray([.. given.Select(_ => (JsonNode)score(i))]),
                ["usage"] = new JsonObject { ["generated_tokens"] = 100 },
            }.ToJsonString();
        }));
        return path;
    }
}
