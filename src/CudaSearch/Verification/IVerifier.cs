namespace CudaSearch.Verification;

/// <summary>Judges partial and complete answers step by step.</summary>
public interface IVerifier
{
    /// <summary>Begins the judgement of answers to one problem.</summary>
    IVerification Start(string problem);

    /// <summary>
    /// The steps of an answer as this verifier counts them: <see cref="IVerification.ScoreAsync"/> gives each a score. Most count what lies
    /// between blank lines, and the empty last piece of a partial answer, too.
    /// </summary>
    IReadOnlyList<string> Split(string answer) => answer.Split("\n\n");
}

/// <summary>
/// The judgement of one beam's answer as it grows. It keeps what it has computed, so that scoring a longer answer computes only
/// what is new, and forks when its beam forks.
/// </summary>
public interface IVerification : IDisposable
{
    /// <summary>An independent copy that shares everything computed so far.</summary>
    IVerification Fork();

    /// <summary>Scores every step of the answer so far.</summary>
    /// <param name="answer">The whole answer text; it may differ from the last one scored, at the price of recomputing from the difference on.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>
    /// One score in [0, 1] per piece of <see cref="IVerifier.Split"/>, at least one; 0 for steps beyond what the verifier can read.
    /// </returns>
    Task<IReadOnlyList<double>> ScoreAsync(string answer, CancellationToken cancellation = default);
}
