using CudaSearch.Backends;
using CudaSearch.Engine;

namespace CudaSearch.Cuda.Tests.Kernels;

/// <summary>
/// What sampling means, by the shortest way: a sort, probabilities in double precision, and the noise of every token from the engine's own
/// generator.
/// </summary>
internal sealed class SampleReference
{
    private readonly float[] _logits;
    private readonly double[] _weights;
    private readonly SamplingParameters _parameters;

    public SampleReference(float[] logits, SamplingParameters parameters)
    {
        (_logits, _parameters) = (logits, parameters);
        Order = [.. Enumerable.Range(0, logits.Length).OrderByDescending(i => logits[i]).ThenBy(i => i)];
        double max = logits[Order[0]];
        _weights = [.. logits.Select(logit => Math.Exp((logit - max) / parameters.Temperature))];
    }

    /// <summary>Token ids, most probable first; among equals the smaller id.</summary>
    public int[] Order { get; }

    /// <summary>How many tokens of <see cref="Order"/> may be drawn.</summary>
    public int Kept => Count(1.0);

    /// <summary>exp((logit - max) / temperature) of a token.</summary>
    public double Weight(int token) => _weights[token];

    /// <summary>
    /// Whether this is the token that must be drawn. Where the rounding of float32 decides (a cut within 10^-5 of a bound, two tokens
    /// within 10^-4 of each other), either is right.
    /// </summary>
    public bool IsRight(int token, ulong key)
    {
        (int least, int most) = (Count(1 - 1e-5), Count(1 + 1e-5));
        for (int kept = Math.Min(least, most); kept <= Math.Max(least, most); kept++)
        {
            ReadOnlySpan<int> tokens = Order.AsSpan(0, kept);
            if (!tokens.Contains(token)) continue;
            double best = double.NegativeInfinity;
            foreach (int other in tokens) best = Math.Max(best, Score(other, key));
            if (Score(token, key) >= best - 1e-4) return true;
        }
        return false;
    }

    /// <summary>The winner among the first tokens of <see cref="Order"/>, and by how much it wins.</summary>
    public (int Token, double Lead) Winner(int kept, ulong key)
    {
        int[] ranked = [.. Order[..kept].OrderByDescending(token => Score(token, key))];
        return (ranked[0], kept == 1 ? double.PositiveInfinity : Score(ranked[0], key) - Score(ranked[1], key));
    }

    // logit / temperature + noise, the noise from word `token % 4` of the block with counter token / 4
    private double Score(int token, ulong key)
    {
        (uint x0, uint x1, uint x2, uint x3) = Philox.Words(key, (ulong)(token / 4), 0);
        uint word = (token % 4) switch { 0 => x0, 1 => x1, 2 => x2, _ => x3 };
        double v = (word + 0.5) / 4294967296.0;
        return _logits[token] / (double)_parameters.Temperature - Math.Log(-Math.Log(1 - v));
    }

    /// <summary>Tokens kept when the bounds of top-p and min-p are off by a factor.</summary>
    private int Count(double slack)
    {
        int kept = Order.Count(token => _weights[token] > 0);
        if (_parameters.TopK > 0) kept = Math.Min(kept, _parameters.TopK);
        if (_parameters.TopP < 1f)
        {
            double total = Order[..kept].Sum(Weight), mass = 0;
            int nucleus = 0;
            while (nucleus < kept && mass < _parameters.TopP * slack * total) mass += _weights[Order[nucleus++]];
            kept = nucleus;
        }
        return Order[..kept].Count(token => _weights[token] >= _parameters.MinP * slack);
    }
}
