namespace CudaSearch.Evaluation.ComputeOptimal;

/// <summary>What tells how hard a problem is.</summary>
public enum DifficultyMeasure
{
    /// <summary>The share of right answers among independent samples: needs the reference answer. (Snell et al. 2024, section 3.2)</summary>
    Oracle,

    /// <summary>The mean reward of independent samples: needs no reference answer.</summary>
    Prm,
}

/// <summary>How hard each problem is, and how problems are divided into bins, bin 0 the easiest.</summary>
public sealed class Difficulty
{
    private readonly Dictionary<string, int> _bins;

    private Difficulty(Dictionary<string, int> bins, IReadOnlyList<double> thresholds)
    {
        _bins = bins;
        Thresholds = thresholds;
    }

    /// <summary>Falling: a problem whose ease is at least the i-th is in bin i or an easier one; the hardest bin has none.</summary>
    public IReadOnlyList<double> Thresholds { get; }

    /// <summary>Number of bins.</summary>
    public int BinCount => Thresholds.Count + 1;

    /// <summary>The bin of a problem.</summary>
    public int BinOf(string problem) => _bins[problem];

    /// <summary>Bins of equal size, but for equal ease, which is never divided.</summary>
    public static Difficulty ByQuantile(IReadOnlyDictionary<string, double> ease, int bins)
    {
        double[] falling = [.. ease.Values.OrderDescending()];
        return ByThresholds(ease, [.. Enumerable.Range(1, bins - 1).Select(i => falling[Math.Max(0, i * falling.Length / bins - 1)]).Distinct()]);
    }

    /// <summary>Bins between fixed values of ease.</summary>
    /// <param name="ease">1 for a problem that is always solved, 0 for one that never is; or its mean reward.</param>
    /// <param name="thresholds">Falling.</param>
    public static Difficulty ByThresholds(IReadOnlyDictionary<string, double> ease, IReadOnlyList<double> thresholds) =>
        new(ease.ToDictionary(problem => problem.Key, problem => thresholds.Count(threshold => problem.Value < threshold)), thresholds);

    /// <summary>The ease of every problem, from the largest run of independent samples, averaged over its seeds.</summary>
    /// <exception cref="CudaSearchException">No run has independent samples, or the rewards are wanted and there are none.</exception>
    public static IReadOnlyDictionary<string, double> Ease(IReadOnlyList<GradedRun> runs, DifficultyMeasure measure)
    {
        List<GradedRun> sampled = [.. runs.Where(run => run.IsIndependent && (measure == DifficultyMeasure.Oracle || run.IsScored))];
        if (sampled.Count == 0)
        {
            string wanted = measure == DifficultyMeasure.Oracle ? "best-of-n or majority" : "best-of-n, whose completions are scored";
            throw CudaSearchException.BadInput($"difficulty is measured on independent samples; add a run of {wanted}");
        }
        int largest = sampled.Max(run => run.N);
        List<GradedRun> seeds = [.. sampled.Where(run => run.N == largest).GroupBy(run => run.Seed).Select(same => same.First())];
        return seeds[0].Problems.Keys.ToDictionary(
            problem => problem,
            problem => seeds.Average(run => measure == DifficultyMeasure.Oracle
                ? run.Problems[problem].Right.Average(right => right ? 1.0 : 0.0)
                : run.Problems[problem].Scores.Average()));
    }
}
