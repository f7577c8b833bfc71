using System.Globalization;
using CudaSearch.Answers;
using CudaSearch.Search;

namespace CudaSearch.Evaluation.ComputeOptimal;

/// <summary>One way to spend a budget: a method with its settings and vote, over all its seeds.</summary>
/// <param name="Name">Method, vote and, where it matters, settings.</param>
/// <param name="Choice">The same for a policy.</param>
/// <param name="Method">Strategy and settings, which candidates share that differ in the vote alone.</param>
/// <param name="Budget">Completions or beams.</param>
public sealed record Candidate(string Name, PolicyChoice Choice, string Method, int Budget)
{
    private readonly Dictionary<string, (double Accuracy, double Tokens)> _problems = [];
    private readonly Dictionary<string, Dictionary<ulong, bool>> _bySeed = [];

    /// <summary>The share of seeds in which it solved a problem.</summary>
    public double Accuracy(string problem) => _problems[problem].Accuracy;

    /// <summary>Mean generated tokens for a problem.</summary>
    public double Tokens(string problem) => _problems[problem].Tokens;

    /// <summary>Whether it solved a problem with this seed; null where it has no such run.</summary>
    public bool? Solved(string problem, ulong seed) => _bySeed[problem].TryGetValue(seed, out bool solved) ? solved : null;

    /// <summary>
    /// Every way to spend <paramref name="budget"/> that the runs show: a tree search with that many beams, the first so many of a larger number of
    /// independent samples (their tokens counted in proportion), each with every vote it allows.
    /// </summary>
    /// <param name="runs">Runs of the same problems.</param>
    /// <param name="budget">Completions or beams.</param>
    public static IReadOnlyList<Candidate> Of(IReadOnlyList<GradedRun> runs, int budget)
    {
        List<GradedRun> fitting = [.. runs.Where(run => run.N == budget || (run.IsIndependent && run.N > budget))];
        // Of independent samples the largest run of each kind serves all budgets; a smaller one of the same seed would be counted twice.
        IEnumerable<IGrouping<(string, string), GradedRun>> methods = fitting
            .GroupBy(run => (run.Strategy, run.Settings, run.Seed)).Select(same => same.MaxBy(run => run.N)!)
            .GroupBy(run => (run.Strategy, run.Settings));
        bool Several(string strategy) => fitting.Where(run => run.Strategy == strategy).Select(run => run.Settings).Distinct().Count() > 1;
        return
        [
            .. methods.SelectMany(method => Votes(method.First()).Select(vote =>
                Make(method.First(), $"{method.Key.Item1}, {vote.ToString().ToLowerInvariant()}{(Several(method.Key.Item1) ? $" ({method.Key.Item2})" : "")}", budget, vote, [.. method]))),
        ];
    }

    private static IEnumerable<Vote> Votes(GradedRun run) => run.IsScored ? [Vote.Weighted, Vote.Naive, Vote.Majority] : [Vote.Majority];

    private static Candidate Make(GradedRun method, string name, int budget, Vote vote, IReadOnlyList<GradedRun> seeds)
    {
        var candidate = new Candidate(name, new PolicyChoice(method.Strategy, method.BeamWidth), $"{method.Strategy} {method.Settings}", budget);
        foreach (string problem in seeds[0].Problems.Keys)
        {
            Dictionary<ulong, bool> solved = seeds.ToDictionary(run => run.Seed, run => run.Problems[problem].RightVotes.TryGetValue((vote, budget), out bool right)
                ? right
                : throw CudaSearchException.BadInput($"{run.Path} has no vote over {budget} completions of a problem; a run's n must be a power of two times smaller budgets"));
            candidate._bySeed[problem] = solved;
            double tokens = seeds.Average(run => (double)run.Problems[problem].GeneratedTokens * budget / run.N);
            candidate._problems[problem] = (solved.Values.Average(right => right ? 1.0 : 0.0), tokens);
        }
        return candidate;
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Name} at {Budget}");
}
