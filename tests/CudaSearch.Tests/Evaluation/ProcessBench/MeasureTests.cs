using CsCheck;
using CudaSearch.Evaluation.ProcessBench;

namespace CudaSearch.Tests.Evaluation.ProcessBench;

/// <summary>The measures against counts by hand and against slow searches.</summary>
public sealed class MeasureTests
{
    private static readonly Gen<JudgedSolution> s_judged =
        from steps in Gen.Int[1, 5]
        from label in Gen.Int[-1, steps - 1]
        from scores in Gen.Int[0, 10].Array[steps]
        select Judged(label, [.. scores.Select(score => score / 10.0)]);

    [Fact]
    public void AccuracyCountsTheExactStep()
    {
        JudgedSolution[] solutions =
        [
            Judged(1, 0.9, 0.2, 0.9), // found
            Judged(1, 0.3, 0.2), // found too early
            Judged(1, 0.9, 0.8, 0.1), // too late
            Judged(0, 0.9), // never
            Judged(-1, 0.9, 0.5), // passed
            Judged(-1, 0.9, 0.4), // blamed
        ];
        DetectionAccuracy accuracy = DetectionAccuracy.At(0.5, solutions);
        Assert.Equal((0.25, 0.5), (accuracy.OnWrong, accuracy.OnRight));
        Assert.Equal(2 * 0.25 * 0.5 / 0.75, accuracy.F1);
        Assert.Null(DetectionAccuracy.At(0.5, solutions[..4]).F1);
        Assert.Null(DetectionAccuracy.Best(solutions[..4]));
        Assert.Equal(0, DetectionAccuracy.At(0.5, [Judged(0, 0.9), Judged(-1, 0.1)]).F1);
    }

    [Fact]
    public void TheBestThresholdIsTheBestOfAll() => s_judged.Array[2, 12].Sample(solutions =>
    {
        DetectionAccuracy? best = DetectionAccuracy.Best(solutions);
        bool mixed = solutions.Any(judged => judged.Solution.IsWrong) && solutions.Any(judged => !judged.Solution.IsWrong);
        if (!mixed) return best is null;
        // Scores are tenths: thresholds between them, and at them, are all there are.
        double most = Enumerable.Range(1, 20).Max(i => DetectionAccuracy.At(i / 20.0, solutions).F1!.Value);
        DetectionAccuracy there = DetectionAccuracy.At(best!.Threshold, solutions);
        return Math.Abs(best.F1!.Value - most) < 1e-12 && there.OnWrong == best.OnWrong && there.OnRight == best.OnRight;
    });

    [Fact]
    public void TheSweepIsEvenAndComplete()
    {
        IReadOnlyList<DetectionAccuracy> sweep = DetectionAccuracy.Sweep([Judged(-1, 0.5), Judged(0, 0.5)]);
        Assert.Equal(19, sweep.Count);
        Assert.Equal((0.05, 0.5, 0.95), (sweep[0].Threshold, sweep[9].Threshold, sweep[18].Threshold));
        Assert.All(sweep, row => Assert.Equal(row.Threshold > 0.5 ? (1.0, 0.0) : (0.0, 1.0), (row.OnWrong!.Value, row.OnRight!.Value)));
    }

    [Fact]
    public void CalibrationCountsStepsUpToTheFirstError()
    {
        // Right: 0.95, 1, 0.65; wrong: 0.65, 0.05; the 0.3 behind an error is unknown.
        Calibration calibration = Calibration.Of([Judged(-1, 0.95, 1), Judged(1, 0.65, 0.65, 0.3), Judged(0, 0.05)]);
        Assert.Equal([1, 0, 0, 0, 0, 0, 2, 0, 0, 2], calibration.Bins.Select(bin => bin.Steps));
        CalibrationBin bin = calibration.Bins[6];
        Assert.Equal((0.6, 0.7, 0.65, 0.5), (bin.From, bin.To, bin.MeanScore, bin.ShareRight));
        Assert.Equal(((0.05 * 1) + (0.15 * 2) + (0.025 * 2)) / 5, calibration.ExpectedError, 1e-12);
        Assert.Equal(((0.05 * 0.05) + 0 + (0.35 * 0.35) + (0.65 * 0.65) + (0.05 * 0.05)) / 5, calibration.Brier, 1e-12);
    }

    internal static JudgedSolution Judged(int label, params double[] scores) =>
        new(new LabelledSolution("id", "problem", [.. scores.Select((_, i) => $"step {i}")], label), scores);
}
