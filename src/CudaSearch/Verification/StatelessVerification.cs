namespace CudaSearch.Verification;

/// <summary>The judgement of a verifier that keeps nothing from one answer to the next: forks are alike.</summary>
/// <param name="score">Scores every piece of an answer.</param>
internal sealed class StatelessVerification(Func<string, CancellationToken, Task<IReadOnlyList<double>>> score) : IVerification
{
    private bool _disposed;

    public IVerification Fork()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return new StatelessVerification(score);
    }

    public Task<IReadOnlyList<double>> ScoreAsync(string answer, CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return score(answer, cancellation);
    }

    public void Dispose() => _disposed = true;
}
