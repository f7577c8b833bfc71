namespace CudaSearch.Verification;

/// <summary>How an ensemble makes one score of several.</summary>
public enum Ensemble
{
    /// <summary>The arithmetic mean: the members vote.</summary>
    Mean,

    /// <summary>The smallest: every member can object.</summary>
    Min,

    /// <summary>The product: the members' doubts add up.</summary>
    Product,
}

/// <summary>
/// Several verifiers as one. Each judges every step; a step's score is made of the scores of the members that have an opinion on it
/// (<see cref="IAbstainingVerifier"/>), and is neutral where none has. Steps are what lies between blank lines, also for members that count otherwise alone.
/// </summary>
public sealed class EnsembleVerifier : IAbstainingVerifier
{
    private const double NoOpinion = 0.5;

    private readonly IVerifier[] _members;
    private readonly Ensemble _ensemble;

    /// <summary>An ensemble of at least one verifier. It owns none of them.</summary>
    /// <exception cref="ArgumentException">There is no member.</exception>
    public EnsembleVerifier(Ensemble ensemble, params IReadOnlyList<IVerifier> members)
    {
        if (members.Count == 0) throw new ArgumentException("an ensemble has at least one member", nameof(members));
        _ensemble = ensemble;
        _members = [.. members];
    }

    /// <inheritdoc/>
    public double Neutral => NoOpinion;

    /// <inheritdoc/>
    public IVerification Start(string problem) => new Verification(this, Open(_members, member => member.Start(problem)));

    /// <summary>All or none: what was opened before one failed is closed.</summary>
    private static IVerification[] Open<T>(T[] sources, Func<T, IVerification> open)
    {
        var opened = new List<IVerification>();
        try
        {
            foreach (T source in sources) opened.Add(open(source));
            return [.. opened];
        }
        catch
        {
            foreach (IVerification part in opened) part.Dispose();
            throw;
        }
    }

    private double Combine(IEnumerable<double> scores)
    {
        List<double> opinions = [.. scores.Where((score, i) => _members[i] is not IAbstainingVerifier abstaining || score != abstaining.Neutral)];
        if (opinions.Count == 0) return NoOpinion;
        return _ensemble switch
        {
            Ensemble.Mean => opinions.Sum() / opinions.Count,
            Ensemble.Min => opinions.Min(),
            _ => opinions.Aggregate(1.0, (product, score) => product * score),
        };
    }

    private sealed class Verification(EnsembleVerifier owner, IVerification[] parts) : IVerification
    {
        public IVerification Fork() => new Verification(owner, Open(parts, part => part.Fork()));

        public async Task<IReadOnlyList<double>> ScoreAsync(string answer, CancellationToken cancellation)
        {
            // All have ended, also when one fails: afterwards nothing is in flight and the parts may be disposed.
            IReadOnlyList<double>[] scores = await Task.WhenAll(parts.Select(part => part.ScorePiecesAsync(answer, cancellation))).ConfigureAwait(false);
            return [.. Enumerable.Range(0, scores[0].Count).Select(step => owner.Combine(scores.Select(member => member[step])))];
        }

        public void Dispose()
        {
            foreach (IVerification part in parts) part.Dispose();
        }
    }
}
