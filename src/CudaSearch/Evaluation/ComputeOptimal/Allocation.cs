using CudaSearch.Engine;
using CudaSearch.Search;

namespace CudaSearch.Evaluation.ComputeOptimal;

/// <summary>What a budget is best spent on, cross-validated.</summary>
/// <param name="Budget">Completions or beams.</param>
/// <param name="Optimal">Accuracy when each difficulty bin has its own method, chosen on other problems than it is measured on.</param>
/// <param name="Single">Accuracy of the one method that is best on other problems.</param>
/// <param name="SingleName">The best single method on all problems.</param>
/// <param name="OptimalTokens">Mean generated tokens of the former.</param>
/// <param name="SingleTokens">Mean generated tokens of the latter.</param>
/// <param name="Choices">The method of each bin, easiest first, chosen on all problems: for problems yet to come.</param>
public sealed record BudgetAllocation(
    int Budget, Accuracy Optimal, Accuracy Single, string SingleName, double OptimalTokens, double SingleTokens, IReadOnlyList<Candidate> Choices);

/// <summary>
/// Compute-optimal allocation: a method for each difficulty bin and budget, chosen where it solves most. Choices are made on one half of the
/// problems and measured on the other, both ways, so no problem helps to choose its own method. (Snell et al. 2024, "Scaling LLM test-time compute
/// optimally", section 3)
/// </summary>
public sealed class Allocation
{
    // A bin of a few problems says little: so many problems of average difficulty are counted with it.
    private const double PriorProblems = 30;

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
    public static BudgetAllocation? Of(IReadOnlyList<GradedRun> runs, Difficulty difficulty, int budget)
    {
        IReadOnlyList<Candidate> candidates = Candidate.Of(runs, budget);
        if (candidates.Count == 0) return null;
        string[] problems = [.. runs[0].Problems.Keys.Order(StringComparer.Ordinal)];
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
            Candidate best = Best(chosenOn);
            foreach (string problem in measuredOn)
            {
                optimal[problem] = bins[_difficulty.BinOf(problem)];
                single[problem] = best;
            }
        }
        return new BudgetAllocation(
            budget, Measure(optimal), Measure(single), Best(_problems).Name,
            _problems.Average(problem => optimal[problem].Tokens(problem)), _problems.Average(problem => single[problem].Tokens(problem)),
            ChooseBins(_problems));
    }

    // By the problem's text, so that more problems leave the others where they are.
    private static int Fold(string problem) => (int)(Philox.Words(EngineGenerator.ProblemKey(problem), 0, 0).X0 & 1);

    private Candidate[] ChooseBins(string[] problems) =>
        [.. Enumerable.Range(0, _difficulty.BinCount).Select(bin => Best([.. problems.Where(problem => _difficulty.BinOf(problem) == bin)], problems))];

    private Candidate Best(string[] problems) => Best(problems, problems);

    /// <summary>The candidate that solves most of <paramref name="bin"/>, all problems being a prior; of equals the one that generates less.</summary>
    private Candidate Best(string[] bin, string[] all) => _candidates
        .OrderByDescending(candidate => bin.Sum(candidate.Accuracy) + PriorProblems * all.Average(candidate.Accuracy))
        .ThenBy(candidate => all.Average(candidate.Tokens))
        .First();

    /// <summary>Mean over problems, then over the seeds that every chosen method has.</summary>
    private Accuracy Measure(Dictionary<string, Candidate> chosen)
    {
        double[] bySeed =
        [
            .. _seeds.Where(seed => _problems.All(problem => chosen[problem].Solved(problem, seed) is not null))
                .Select(seed => _problems.Average(problem => chosen[problem].Solved(problem, seed)!.Value ? 1.0 : 0.0)),
        ];
        return bySeed.Length > 0 ? Accuracy.Of(bySeed) : new Accuracy(_problems.Average(problem => chosen[problem].Accuracy(problem)), null);
    }
}
