namespace CudaSearch.Backends.Cpu;

/// <summary>
/// Draws a token from one row of logits: temperature, then top-k, top-p and min-p in this order, then inversion of the cumulative distribution in token
/// order. One uniform number decides, so a draw is a function of the row and that number alone.
/// </summary>
internal sealed class TokenSampler
{
    private float[] _weights = [];
    private int[] _candidates = [];

    /// <param name="logits">[vocabulary]</param>
    /// <param name="parameters">How to draw.</param>
    /// <returns>The token id.</returns>
    public int Draw(ReadOnlySpan<float> logits, in SamplingParameters parameters)
    {
        int best = IndexOfMax(logits);
        if (parameters.Temperature == 0f || parameters.TopK == 1) return best;
        if (_weights.Length < logits.Length) (_weights, _candidates) = (new float[logits.Length], new int[logits.Length]);
        Span<float> weights = _weights.AsSpan(0, logits.Length);
        float max = logits[best], inverse = 1f / parameters.Temperature;
        for (int i = 0; i < logits.Length; i++) weights[i] = MathF.Exp((logits[i] - max) * inverse);
        if (parameters.TopK > 0 && parameters.TopK < logits.Length || parameters.TopP < 1f) Truncate(weights, parameters);
        if (parameters.MinP > 0f)
        {
            // The most probable token has weight 1.
            for (int i = 0; i < weights.Length; i++)
            {
                if (weights[i] < parameters.MinP) weights[i] = 0f;
            }
        }
        double total = 0;
        foreach (float weight in weights) total += weight;
        double target = parameters.Uniform * total, cumulative = 0;
        int last = best;
        for (int i = 0; i < weights.Length; i++)
        {
            if (weights[i] == 0f) continue;
            cumulative += weights[i];
            if (cumulative > target) return i;
            last = i;
        }
        return last;
    }

    /// <summary>
    /// The natural logarithm of a token's probability by the softmax of the raw logits: temperature 1, nothing truncated. 0 where the largest logit is not
    /// finite.
    /// </summary>
    public static float LogProbability(ReadOnlySpan<float> logits, int token)
    {
        float max = logits[IndexOfMax(logits)];
        if (!float.IsFinite(max)) return 0f;
        double total = 0;
        foreach (float logit in logits) total += MathF.Exp(logit - max);
        return (float)(logits[token] - max - Math.Log(total));
    }

    /// <summary>The first of equal maxima.</summary>
    public static int IndexOfMax(ReadOnlySpan<float> logits)
    {
        int best = 0;
        for (int i = 1; i < logits.Length; i++)
        {
            if (logits[i] > logits[best]) best = i;
        }
        return best;
    }

    /// <summary>Zeroes what top-k and then top-p drop; among equal weights the smaller id stays.</summary>
    private void Truncate(Span<float> weights, in SamplingParameters parameters)
    {
        Span<int> order = _candidates.AsSpan(0, weights.Length);
        int count = 0;
        for (int i = 0; i < weights.Length; i++)
        {
            if (weights[i] > 0f) order[count++] = i;
        }
        order = order[..count];
        float[] byWeight = _weights;
        order.Sort((a, b) => byWeight[a] != byWeight[b] ? byWeight[b].CompareTo(byWeight[a]) : a.CompareTo(b));
        int keep = parameters.TopK > 0 ? Math.Min(parameters.TopK, count) : count;
        if (parameters.TopP < 1f)
        {
            double total = 0, mass = 0;
            for (int i = 0; i < keep; i++) total += weights[order[i]];
            int nucleus = 0;
            while (nucleus < keep && mass < parameters.TopP * total) mass += weights[order[nucleus++]];
            keep = nucleus;
        }
        foreach (int dropped in order[keep..]) weights[dropped] = 0f;
    }
}
