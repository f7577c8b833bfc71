using CudaSearch.Engine;
using CudaSearch.Search;

namespace CudaSearch.Evaluation.ComputeOptimal;

/// <summary>What a budget is best spent on, cross-validated.</summary>
/// <param name="Budget">Completions or beams.</param>
/// <param name="Optimal">Accuracy when each difficulty bin has its own method, chosen on other problems than it is measured on.</param>
/// <param name="Single">Accuracy of the one method that is best on other problems.</param>
/// <param name="Gain">How much more the former solves than the latter, seed by seed.</param>
/// <param name="SingleName">The best single method on all problems.</param>
/// <param name="OptimalTokens">Mean generated tokens of the former.</param>
/// <param name="SingleTokens">Mean generated tokens of the latter.</param>
/// <param name="Choices">The method of each bin, easiest first, chosen on all problems: for problems yet to come.</param>
public sealed record BudgetAllocation(
    int Budget, Accuracy Optimal, Accuracy Single, Accuracy Gain, string SingleName, double OptimalTokens, double SingleTokens, IReadOnlyList<Candidate> Choices)
{
    /// <summary>
    /// Whether it at least matches the best single method: <c>yes</c> where it does on average, <c>within its spread</c> where it falls short by less than the
    /// standard deviation of the gain over seeds, else <c>no</c>.
    /// </summary>
    public string AtLeastMatches
    {
        get
        {
            if (Gain.Mean >= 0) return "yes";
            return -Gain.Mean <= Gain.StandardDeviation ? "within its spread" : "no";
        }
    }
}

/// <summary>
/// Compute-optimal allocation: a method for each difficulty bin and budget. A bin gets the method that is best on all problems, unless another solves so many
/// more of the bin's that it is not luck. Choices are made on one half of the problems and measured on the other, both ways, so no problem helps to choose its
/// own method. (Snell et al. 2024, "Scaling LLM test-time compute optimally", section 3, where each bin simply takes its best)
/// </summary>
public sealed class Allocation
{
    // By so many standard errors must another method be better in a bin than the one that is best on all problems. The best of several equals always looks
    // better than it is: at 1.5, in simulations of 350 problems, three seeds, six methods and five bins, a choice by bin falls short of the best single method
    // once in 20 times, and still gains where methods truly differ by bin. (At 1 it falls short once in 5 times; without a bound, every other time.)
    private const double WantedErrors = 1.5;

    private readonly IReadOnlyList<Candidate> _candidates;
    private readonly Difficulty _difficulty;
    private readonly string[] _problems;
    private readonly ulong[] _seeds;

    private Allocation(IReadOnlyList<Candidate> candidates, Difficulty difficulty, string[] problems, ulong[] seeds)
    {
        _candidates = candidates;
        _difficulty = difficulty;
        _problems = problems;
        _seeds = seeds;
    }

    /// <summary>Allocates one budget.</summary>
    /// <param name="runs">Runs of the same problems.</param>
    /// <param name="difficulty">Of these problems.</param>
    /// <param name="budget">Completions or beams.</param>
    /// <returns>Null when no run shows how to spend that budget.</returns>
    /// <exception cref="CudaSearchException">The problems are too few for two halves.</exception>
    public static BudgetAllocation? Of(IReadOnlyList<GradedRun> runs, Difficulty difficulty, int budget)
    {
        IReadOnlyList<Candidate> candidates = Candidate.Of(runs, budget);
        if (candidates.Count == 0) return null;
        string[] problems = [.. runs[0].Problems.Keys.Order(StringComparer.Ordinal)];
        if (problems.Select(Fold).Distinct().Count() < 2)
            throw CudaSearchException.BadInput(
                $"{runs[0].Path} has {problems.Length} {(problems.Length == 1 ? "problem" : "problems")}, too few to choose methods on one half and measure them on the other; evaluate more rows");
        ulong[] seeds = [.. runs.Select(run => run.Seed).Distinct().Order()];
        return new Allocation(candidates, difficulty, problems, seeds).Evaluate(budget);
    }

    private BudgetAllocation Evaluate(int budget)
    {
        var optimal = new Dictionary<string, Candidate>();
        var single = new Dictionary<string, Candidate>();
        foreach (int fold in (int[])[0, 1])
        {
            string[] chosenOn = [.. _problems.Where(problem => Fold(problem) != fold)], measuredOn = [.. _problems.Where(problem => Fold(problem) == fold)];
            Candidate[] bins = ChooseBins(chosenOn);
            Candidate best = Best(_candidates, chosenOn);
            foreach (string problem in measuredOn)
            {
                optimal[problem] = bins[_difficulty.BinOf(problem)];
                single[problem] = best;
            }
        }
        return new BudgetAllocation(
            budget,
            Measure(problem => optimal[problem].Accuracy(problem), (problem, seed) => Solved(optimal, problem, seed)),
            Measure(problem => single[problem].Accuracy(problem), (problem, seed) => Solved(single, problem, seed)),
            Measure(
                problem => optimal[problem].Accuracy(problem) - single[problem].Accuracy(problem),
                (problem, seed) => Solved(optimal, problem, seed) - Solved(single, problem, seed)),
            Best(_candidates, _problems).Name,
            _problems.Average(problem => optimal[problem].Tokens(problem)), _problems.Average(problem => single[problem].Tokens(problem)),
            ChooseBins(_problems));
    }

    // By the problem's text, so that more problems leave the others where they are.
    private static int Fold(string problem) => (int)(Philox.Words(EngineGenerator.ProblemKey(problem), 0, 0).X0 & 1);

    /// <summary>Of every method takes the vote that is best on all problems; then a bin takes the method that is, or leaves it for one that is surely better there.</summary>
    private Candidate[] ChooseBins(string[] problems)
    {
        Candidate single = Best(_candidates, problems);
        Candidate[] rivals = [.. _candidates.GroupBy(candidate => candidate.Method).Select(votes => Best(votes, problems)).Where(best => best.Method != single.Method)];
        return
        [
            .. Enumerable.Range(0, _difficulty.BinCount)
                .Select(bin => ForBin([.. problems.Where(problem => _difficulty.BinOf(problem) == bin)], single, rivals)),
        ];
    }

    /// <summary>The candidate that solves most of these problems; of equals the one that generates less.</summary>
    private static Candidate Best(IEnumerable<Candidate> candidates, string[] problems) =>
        candidates.OrderByDescending(candidate => problems.Average(candidate.Accuracy)).ThenBy(candidate => problems.Average(candidate.Tokens)).First();

    private static Candidate ForBin(string[] bin, Candidate single, Candidate[] rivals) =>
        rivals.Select(rival => (Candidate: rival, Advantage: Advantage.Of(bin, rival, single)))
            .Where(rival => rival.Advantage.Mean > WantedErrors * rival.Advantage.StandardError)
            .OrderByDescending(rival => rival.Advantage.Mean).ThenBy(rival => bin.Average(rival.Candidate.Tokens))
            .Select(rival => rival.Candidate).FirstOrDefault(single);

    private static double? Solved(Dictionary<string, Candidate> chosen, string problem, ulong seed) =>
        chosen[problem].Solved(problem, seed) is { } solved ? solved ? 1 : 0 : null;

    /// <summary>Mean over problems, then over the seeds that every chosen method has; over all seeds of each where they share none.</summary>
    private Accuracy Measure(Func<string, double> overall, Func<string, ulong, double?> bySeed)
    {
        double[] seeds =
        [
            .. _seeds.Where(seed => _problems.All(problem => bySeed(problem, seed) is not null))
                .Select(seed => _problems.Average(problem => bySeed(problem, seed)!.Value)),
        ];
        return seeds.Length > 0 ? Accuracy.Of(seeds) : new Accuracy(_problems.Average(overall), null);
    }
}
