namespace CudaSearch.Evaluation.ProcessBench;

/// <summary>A labelled solution with what a verifier says of it.</summary>
/// <param name="Solution">The solution.</param>
/// <param name="Scores">One score a step, in [0, 1].</param>
public sealed record JudgedSolution(LabelledSolution Solution, IReadOnlyList<double> Scores)
{
    /// <summary>The first step the verifier calls wrong: one that scores below the threshold; -1 where none does.</summary>
    public int FirstErrorAt(double threshold)
    {
        for (int i = 0; i < Scores.Count; i++)
            if (Scores[i] < threshold) return i;
        return LabelledSolution.NoError;
    }

    /// <summary>
    /// The thresholds at which the verdict is right: those above <c>Over</c> up to and including <c>UpTo</c>; none where they are equal.
    /// A solution without error needs a threshold that no score is below, one with an error a threshold above the score of that step and above no earlier one.
    /// </summary>
    internal (double Over, double UpTo) RightThresholds()
    {
        int checkedSteps = Solution.IsWrong ? Solution.Label : Scores.Count;
        double upTo = 1;
        for (int i = 0; i < checkedSteps; i++) upTo = Math.Min(upTo, Scores[i]);
        return Solution.IsWrong ? (Math.Min(Scores[Solution.Label], upTo), upTo) : (0, upTo);
    }
}
