namespace CudaSearch.Evaluation.ComputeOptimal;

/// <summary>By how much one candidate solves more of some problems than another, problem by problem.</summary>
/// <param name="Mean">The mean difference, -1 to 1.</param>
/// <param name="StandardError">Of that mean.</param>
internal readonly record struct Advantage(double Mean, double StandardError)
{
    /// <summary>
    /// Compares two candidates on the same problems. Two made-up problems count with them, one that each solves alone: a few problems that agree by chance would
    /// otherwise look certain. (After Agresti and Coull 1998, who add two successes and two failures to a share.)
    /// </summary>
    public static Advantage Of(IReadOnlyList<string> problems, Candidate candidate, Candidate other)
    {
        double[] differences = [.. problems.Select(problem => candidate.Accuracy(problem) - other.Accuracy(problem)), 1, -1];
        double mean = differences.Average();
        double variance = differences.Sum(difference => (difference - mean) * (difference - mean)) / (differences.Length - 1);
        return new Advantage(mean, Math.Sqrt(variance / differences.Length));
    }
}
