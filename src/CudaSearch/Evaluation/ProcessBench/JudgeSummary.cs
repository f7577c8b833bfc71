namespace CudaSearch.Evaluation.ProcessBench;

/// <summary>How good a judge is.</summary>
/// <param name="Judge">Who judged, in words.</param>
/// <param name="Solutions">What it said.</param>
/// <param name="AtThreshold">Its accuracy at the threshold asked for.</param>
/// <param name="Best">Its accuracy at the threshold that suits it best; null where all solutions are right, or all wrong.</param>
/// <param name="Sweep">Its accuracy at thresholds from 0.05 to 0.95.</param>
/// <param name="Calibration">Whether its scores are probabilities.</param>
public sealed record JudgeSummary(
    string Judge, IReadOnlyList<JudgedSolution> Solutions, DetectionAccuracy AtThreshold, DetectionAccuracy? Best, IReadOnlyList<DetectionAccuracy> Sweep,
    Calibration Calibration)
{
    /// <summary>Measures a judge.</summary>
    /// <param name="judge">Who judged, in words.</param>
    /// <param name="solutions">What it said, of at least one solution.</param>
    /// <param name="threshold">A step that scores below it is called wrong.</param>
    public static JudgeSummary Of(string judge, IReadOnlyList<JudgedSolution> solutions, double threshold) => new(
        judge, solutions, DetectionAccuracy.At(threshold, solutions), DetectionAccuracy.Best(solutions), DetectionAccuracy.Sweep(solutions), Calibration.Of(solutions));
}
