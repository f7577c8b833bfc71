namespace CudaSearch.Evaluation.ProcessBench;

/// <summary>Steps whose scores lie in one interval.</summary>
/// <param name="From">Its lower end, included.</param>
/// <param name="To">Its upper end, excluded but for the last one's 1.</param>
/// <param name="Steps">How many steps score there.</param>
/// <param name="MeanScore">Their mean score; 0 where there are none.</param>
/// <param name="ShareRight">The share of them that is right; 0 where there are none.</param>
public sealed record CalibrationBin(double From, double To, int Steps, double MeanScore, double ShareRight);

/// <summary>
/// Whether scores are probabilities: of the steps that score 0.8, are 80 % right? A solution's steps up to its first error count, and no step after it, of which the
/// label says nothing.
/// </summary>
/// <param name="Bins">Ten intervals of equal width.</param>
/// <param name="ExpectedError">Mean distance of score and share, weighted by steps (expected calibration error; Guo et al. 2017, section 2).</param>
/// <param name="Brier">Mean squared distance of a step's score and its truth, 0 or 1 (Brier 1950).</param>
public sealed record Calibration(IReadOnlyList<CalibrationBin> Bins, double ExpectedError, double Brier)
{
    private const int Count = 10;

    /// <summary>Measures it; at least one solution.</summary>
    public static Calibration Of(IReadOnlyList<JudgedSolution> solutions)
    {
        List<(double Score, bool Right)> steps = [.. solutions.SelectMany(Labelled)];
        ILookup<int, (double Score, bool Right)> bins = steps.ToLookup(step => Math.Min((int)(step.Score * Count), Count - 1));
        CalibrationBin[] all = [.. Enumerable.Range(0, Count).Select(i => Bin(i, [.. bins[i]]))];
        return new Calibration(
            all,
            all.Sum(bin => bin.Steps * Math.Abs(bin.MeanScore - bin.ShareRight)) / steps.Count,
            steps.Average(step => Math.Pow(step.Score - (step.Right ? 1 : 0), 2)));
    }

    private static IEnumerable<(double Score, bool Right)> Labelled(JudgedSolution judged)
    {
        int known = judged.Solution.IsWrong ? judged.Solution.Label + 1 : judged.Scores.Count;
        return judged.Scores.Take(known).Select((score, i) => (score, i != judged.Solution.Label));
    }

    private static CalibrationBin Bin(int index, List<(double Score, bool Right)> steps) => new(
        (double)index / Count, (double)(index + 1) / Count, steps.Count,
        steps.Count == 0 ? 0 : steps.Average(step => step.Score),
        steps.Count == 0 ? 0 : steps.Average(step => step.Right ? 1.0 : 0));
}
