using CudaSearch.Answers;

namespace CudaSearch.Verification;

/// <summary>
/// Knows the reference answer: every step of an answer that states it scores 1, of one that states another 0, and of one that states none yet 0.5. No verifier
/// can choose better among whole answers, so with best-of-N it bounds what a better one could gain (pass@N). Of steps it knows nothing: in step-by-step search a
/// good process reward model beats it. For evaluation only.
/// </summary>
/// <param name="reference">The reference answer of the one problem it is for.</param>
public sealed class OracleVerifier(string reference) : IAbstainingVerifier
{
    private const double NoOpinion = 0.5;

    /// <inheritdoc/>
    public double Neutral => NoOpinion;

    /// <inheritdoc/>
    public IVerification Start(string problem) => new StatelessVerification(Score);

    private Task<IReadOnlyList<double>> Score(string answer, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        double score = !CompleteAnswer.IsStatedIn(answer) ? NoOpinion : AnswerEquivalence.AreEqual(reference, AnswerExtractor.ExtractRaw(answer)) ? 1 : 0;
        double[] scores = new double[answer.Split("\n\n").Length];
        Array.Fill(scores, score);
        return Task.FromResult<IReadOnlyList<double>>(scores);
    }
}
