namespace CudaSearch.Evaluation.ProcessBench;

/// <summary>How well a verifier finds first errors at one threshold (Zheng et al. 2024, ProcessBench, arXiv 2412.06559).</summary>
/// <param name="Threshold">A step that scores below it is called wrong.</param>
/// <param name="OnWrong">Share of the solutions with an error whose first error is found at exactly its step; null where there are none.</param>
/// <param name="OnRight">Share of the solutions without error that are passed; null where there are none.</param>
public sealed record DetectionAccuracy(double Threshold, double? OnWrong, double? OnRight)
{
    /// <summary>The harmonic mean of both: neither praise nor blame for everything scores. Null where one is missing.</summary>
    public double? F1 => OnWrong is { } wrong && OnRight is { } right ? wrong + right == 0 ? 0 : 2 * wrong * right / (wrong + right) : null;

    /// <summary>The accuracy at a threshold.</summary>
    public static DetectionAccuracy At(double threshold, IReadOnlyList<JudgedSolution> solutions)
    {
        return new DetectionAccuracy(threshold, Share(true), Share(false));

        double? Share(bool wrong)
        {
            List<JudgedSolution> group = [.. solutions.Where(judged => judged.Solution.IsWrong == wrong)];
            return group.Count == 0 ? null : group.Average(judged => judged.FirstErrorAt(threshold) == judged.Solution.Label ? 1.0 : 0);
        }
    }

    /// <summary>The accuracy at 0.05, 0.10 … 0.95.</summary>
    public static IReadOnlyList<DetectionAccuracy> Sweep(IReadOnlyList<JudgedSolution> solutions) =>
        [.. Enumerable.Range(1, 19).Select(i => At(i / 20.0, solutions))];

    /// <summary>
    /// The threshold of the largest F1 of all, in the middle of its range, the lowest range of equals; null where no F1 exists. Chosen on these very solutions, it
    /// flatters: for a fair number take one chosen on others.
    /// </summary>
    public static DetectionAccuracy? Best(IReadOnlyList<JudgedSolution> solutions)
    {
        int wrong = solutions.Count(judged => judged.Solution.IsWrong), right = solutions.Count - wrong;
        if (wrong == 0 || right == 0) return null;
        // Verdicts turn right above one score and wrong again above another; between two neighbouring ones nothing changes.
        var changes = new SortedDictionary<double, (int Wrong, int Right)> { [0] = (0, 0), [1] = (0, 0) };
        foreach (JudgedSolution judged in solutions)
        {
            (double over, double upTo) = judged.RightThresholds();
            Change(over, judged.Solution.IsWrong, +1);
            Change(upTo, judged.Solution.IsWrong, -1);
        }
        DetectionAccuracy? best = null;
        (int Wrong, int Right) found = (0, 0);
        double[] ends = [.. changes.Keys];
        for (int i = 0; i + 1 < ends.Length; i++)
        {
            found = (found.Wrong + changes[ends[i]].Wrong, found.Right + changes[ends[i]].Right);
            var here = new DetectionAccuracy((ends[i] + ends[i + 1]) / 2, (double)found.Wrong / wrong, (double)found.Right / right);
            if (best is null || here.F1 > best.F1) best = here;
        }
        return best;

        void Change(double at, bool isWrong, int by)
        {
            (int w, int r) = changes.GetValueOrDefault(at);
            changes[at] = isWrong ? (w + by, r) : (w, r + by);
        }
    }
}
