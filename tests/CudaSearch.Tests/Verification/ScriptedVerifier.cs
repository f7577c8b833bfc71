using CudaSearch.Verification;

namespace CudaSearch.Tests.Verification;

/// <summary>Scores the pieces of any answer as told, counts what is alive and what it was asked, and fails when wanted.</summary>
internal class ScriptedVerifier(Func<string, double> score) : IVerifier
{
    private int _live;

    /// <summary>Scores every piece by its position.</summary>
    public ScriptedVerifier(params double[] scores)
        : this(piece => scores[int.Parse(piece)])
    {
    }

    /// <summary>Verifications alive.</summary>
    public int Live => _live;

    public List<string> Asked { get; } = [];

    public bool FailsToOpen { get; init; }

    public bool FailsToScore { get; init; }

    public IVerification Start(string problem) => new Verification(this);

    private sealed class Verification : IVerification
    {
        private readonly ScriptedVerifier _owner;
        private bool _disposed;

        public Verification(ScriptedVerifier owner)
        {
            if (owner.FailsToOpen) throw new InvalidOperationException("cannot open");
            _owner = owner;
            Interlocked.Increment(ref owner._live);
        }

        public IVerification Fork() => new Verification(_owner);

        public async Task<IReadOnlyList<double>> ScoreAsync(string answer, CancellationToken cancellation)
        {
            await Task.Yield();
            Assert.False(_disposed, "disposed before it was used");
            if (_owner.FailsToScore) throw new InvalidOperationException("cannot score");
            lock (_owner.Asked) _owner.Asked.Add(answer);
            return [.. answer.Split("\n\n").Select(piece => _owner.ScorePiece(piece))];
        }

        public void Dispose()
        {
            if (!_disposed) Interlocked.Decrement(ref _owner._live);
            _disposed = true;
        }
    }

    private double ScorePiece(string piece) => score(piece);
}

/// <summary>One that abstains with a score of its choice.</summary>
internal sealed class AbstainingVerifier(double neutral, params double[] scores) : ScriptedVerifier(scores), IAbstainingVerifier
{
    public double Neutral => neutral;
}
