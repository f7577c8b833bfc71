using CudaSearch.Verification.Arithmetic;

namespace CudaSearch.Verification;

/// <summary>
/// Judges steps by the arithmetic in them, without a model: every equation that <see cref="ArithmeticChecker"/> can read is checked exactly.
/// <list type="bullet">
/// <item>A step with a false equation, and every step after it, scores <see cref="Wrong"/>: what builds on a false number is not right again, and the
/// aggregation that looks at the last step sees it, too.</item>
/// <item>A step whose equations are all true scores <see cref="Right"/>.</item>
/// <item>A step without one scores <see cref="Neutral"/>: no opinion. A blank piece, such as ends a partial answer, is no step and repeats the score before it.</item>
/// </list>
/// <see cref="Right"/> is 1 so that the smallest and the product of this and another verifier's scores are the other's; <see cref="Wrong"/> is not 0,
/// because a text can be misread, and because the better of two answers that both err should still be found by what else is known of them.
/// One instance serves any number of problems at once.
/// </summary>
public sealed class RuleVerifier : IAbstainingVerifier
{
    /// <summary>The score from a false equation on.</summary>
    public const double Wrong = 0.05;

    /// <summary>The score of a step with nothing to check.</summary>
    public const double NoOpinion = 0.5;

    /// <summary>The score of a step that was checked and holds.</summary>
    public const double Right = 1.0;

    /// <inheritdoc/>
    public double Neutral => NoOpinion;

    /// <inheritdoc/>
    public IVerification Start(string problem) => new StatelessVerification(Score);

    private static Task<IReadOnlyList<double>> Score(string answer, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        string[] steps = answer.Split("\n\n");
        double[] scores = new double[steps.Length];
        for (int i = 0; i < steps.Length; i++)
        {
            double before = i == 0 ? NoOpinion : scores[i - 1];
            scores[i] = before == Wrong || string.IsNullOrWhiteSpace(steps[i]) ? before : ScoreStep(steps[i]);
        }
        return Task.FromResult<IReadOnlyList<double>>(scores);
    }

    private static double ScoreStep(string step)
    {
        IReadOnlyList<ArithmeticEquation> equations = ArithmeticChecker.Check(step);
        return equations.Count == 0 ? NoOpinion : equations.All(equation => equation.Holds) ? Right : Wrong;
    }
}
