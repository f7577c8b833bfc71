using System.Text.Json.Nodes;
using CudaSearch.Evaluation;
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

    // Methods that are truly a little worse look better in some bin by luck. That is hardly ever reason enough to leave the best: over many draws nothing is lost.
    [Fact]
    public void LuckInABinIsNotReasonEnoughToLeaveTheBestMethod()
    {
        double[] gains = [.. Enumerable.Range(0, 20).Select(draw =>
        {
            var random = new Random(draw);
            string Noisy(string name, string strategy, double right) => Run($"{draw}-{name}", strategy, 1, _ => [random.NextDouble() < right ? 7 : 0], _ => random.NextDouble());
            IReadOnlyList<GradedRun> runs = RunSet.Read(
                [Noisy("a", "good", 0.8), .. Enumerable.Range(0, 5).Select(i => Noisy($"b{i}", $"worse{i}", 0.7)), Noisy("s", "best-of-n", 0.5)]);
            BudgetAllocation one = Allocation.Of(runs, Difficulty.ByQuantile(Difficulty.Ease(runs, DifficultyMeasure.Prm), bins: 5), 1)!;
            Assert.Equal(one.Optimal.Mean - one.Single.Mean, one.Gain.Mean, 1e-12);
            return one.Gain.Mean;
        })];
        Assert.InRange(gains.Average(), -0.01, 0.02);
        Assert.InRange(gains.Count(gain => gain < 0), 0, 5);
    }

    // Two fifths of the problems go 95 to 40 against the best method: that is no luck, and the bin changes hands.
    [Fact]
    public void ARealAdvantageInABinIsTaken()
    {
        for (int draw = 0; draw < 20; draw++)
        {
            var random = new Random(draw);
            string Noisy(string name, string strategy, Func<int, double> right) =>
                Run($"{draw}-{name}", strategy, 1, i => [random.NextDouble() < right(i) ? 7 : 0], i => i < 80 ? 0.9 : 0.1);
            IReadOnlyList<GradedRun> runs = RunSet.Read(
                [Noisy("a", "beam", i => i < 80 ? 0.4 : 0.8), Noisy("b", "mcts", i => i < 80 ? 0.95 : 0.3), Noisy("s", "best-of-n", _ => 0.3)]);
            BudgetAllocation one = Allocation.Of(runs, Difficulty.ByThresholds(Difficulty.Ease(runs, DifficultyMeasure.Prm), [0.5]), 1)!;
            Assert.InRange(one.Gain.Mean, 0.1, 0.35);
            Assert.Equal("yes", one.AtLeastMatches);
            Assert.Equal(["mcts", "beam"], one.Choices.Select(choice => choice.Choice.Strategy));
        }
    }

    [Theory]
    [InlineData(0, null, "yes")]
    [InlineData(0.01, 0.5, "yes")]
    [InlineData(-0.001, 0.002, "within its spread")]
    [InlineData(-0.003, 0.002, "no")]
    [InlineData(-0.001, null, "no")]
    public void ItIsSaidWhetherTheBestSingleMethodIsMatched(double mean, double? deviation, string verdict)
    {
        var any = new Accuracy(0.5, null);
        Assert.Equal(verdict, new BudgetAllocation(4, any, any, new Accuracy(mean, deviation), "beam", 1, 1, []).AtLeastMatches);
    }

    // 1, 1 and the made-up 1, -1: mean 0.5, standard deviation 1 over 4.
    [Fact]
    public void AFewProblemsThatAgreeAreNotCertain()
    {
        IReadOnlyList<GradedRun> runs = RunSet.Read([Run("right", "beam", 1, _ => [7], _ => 0.5), Run("wrong", "mcts", 1, _ => [0], _ => 0.5)]);
        IReadOnlyList<Candidate> candidates = Candidate.Of(runs, 1);
        Candidate right = candidates.First(c => c.Choice.Strategy == "beam"), wrong = candidates.First(c => c.Choice.Strategy == "mcts");
        Assert.Equal(new Advantage(0.5, 0.5), Advantage.Of(["problem 1", "problem 2"], right, wrong));
        Assert.Equal(-0.5, Advantage.Of(["problem 1", "problem 2"], wrong, right).Mean);
        Advantage many = Advantage.Of([.. runs[0].Problems.Keys], right, wrong);
        Assert.Equal(200.0 / 202, many.Mean, 1e-12);
        Assert.InRange(many.StandardError, 0.005, 0.015);
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
        string few = _folder.File("few.jsonl");
        File.WriteAllLines(few, File.ReadAllLines(run).Take(1));
        IReadOnlyList<GradedRun> one = RunSet.Read([few]);
        Assert.Contains(
            "has 1 problem, too few to choose methods on one half",
            Assert.Throws<CudaSearchException>(() => Allocation.Of(one, Difficulty.ByThresholds(Difficulty.Ease(one, DifficultyMeasure.Prm), [0.5]), 1)).Message, StringComparison.Ordinal);
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
