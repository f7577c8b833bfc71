namespace CudaSearch.Verification;

/// <summary>
/// Judges outcomes only, as an outcome reward model does (Cobbe et al. 2021, section 4.2): an answer that states its final answer is
/// judged as a whole by another verifier, any other is neutral, and the other verifier is not even asked.
/// The scores of the steps are such that <paramref name="aggregation"/> gives the outcome: all equal, but for <see cref="Aggregation.Prod"/>, where all
/// before the last are 1.
/// </summary>
/// <param name="inner">Judges complete answers.</param>
/// <param name="aggregation">Makes one score of its step scores; the search is to use the same.</param>
public sealed class OutcomeVerifier(IVerifier inner, Aggregation aggregation) : IAbstainingVerifier
{
    private const double NoOpinion = 0.5;

    /// <inheritdoc/>
    public double Neutral => NoOpinion;

    /// <inheritdoc/>
    public IVerification Start(string problem) => new Verification(inner.Start(problem), aggregation);

    private sealed class Verification(IVerification inner, Aggregation aggregation) : IVerification
    {
        public IVerification Fork() => new Verification(inner.Fork(), aggregation);

        public async Task<IReadOnlyList<double>> ScoreAsync(string answer, CancellationToken cancellation)
        {
            double outcome = NoOpinion;
            if (CompleteAnswer.IsStatedIn(answer)) outcome = aggregation.Aggregate(await inner.ScoreAsync(answer, cancellation).ConfigureAwait(false));
            double[] scores = new double[answer.Split("\n\n").Length];
            Array.Fill(scores, aggregation == Aggregation.Prod ? 1 : outcome);
            scores[^1] = outcome;
            return scores;
        }

        public void Dispose() => inner.Dispose();
    }
}
