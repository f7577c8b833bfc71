namespace CudaSearch.Backends.Cpu;

/// <summary>
/// Draws a token from one row of logits: temperature, then top-k, top-p and min-p in this order, then inversion of the cumulative distribution in token
/// order. One uniform number decides, so a draw is a function of the row and that number alone. Nothing is sorted but the few tokens that a truncation keeps.
/// </summary>
internal sealed unsafe class TokenSampler<T>
    where T : struct, ILanes<T>
{
    private const int Block = 256;

    private float[] _weights = [];
    private int[] _candidates = [];
    private float[] _kept = [];
    private double[] _blockSums = [];

    /// <param name="logits">[vocabulary]</param>
    /// <param name="parameters">How to draw.</param>
    /// <returns>The token id.</returns>
    public int Draw(ReadOnlySpan<float> logits, in SamplingParameters parameters)
    {
        int best = IndexOfMax(logits);
        if (parameters.Temperature == 0f || parameters.TopK == 1) return best;
        if (_weights.Length < logits.Length)
        {
            (_weights, _candidates) = (new float[logits.Length], new int[logits.Length]);
            _blockSums = new double[(logits.Length + Block - 1) / Block];
        }
        Span<float> weights = _weights.AsSpan(0, logits.Length);
        // A temperature next to 0 must not make 0 · ∞ of the largest logit.
        Weigh(logits, logits[best], MathF.Min(1f / parameters.Temperature, float.MaxValue), weights);
        if (parameters.TopK > 0 && parameters.TopK < logits.Length || parameters.TopP < 1f) Truncate(weights, parameters);
        if (parameters.MinP > 0f)
        {
            // The most probable token has weight 1.
            for (int i = 0; i < weights.Length; i++)
            {
                if (weights[i] < parameters.MinP) weights[i] = 0f;
            }
        }
        return Invert(weights, parameters.Uniform, best);
    }

    /// <summary>
    /// The natural logarithm of a token's probability by the softmax of the raw logits: temperature 1, nothing truncated. 0 where the largest logit is not
    /// finite.
    /// </summary>
    public static float LogProbability(ReadOnlySpan<float> logits, int token)
    {
        float max = logits[IndexOfMax(logits)];
        if (!float.IsFinite(max)) return 0f;
        Span<float> weights = stackalloc float[Block];
        double total = 0;
        for (int from = 0; from < logits.Length; from += Block)
        {
            ReadOnlySpan<float> block = logits.Slice(from, Math.Min(Block, logits.Length - from));
            Weigh(block, max, 1f, weights);
            total += Sum(weights[..block.Length]);
        }
        return (float)(logits[token] - max - Math.Log(total));
    }

    /// <summary>The first of equal maxima.</summary>
    public static int IndexOfMax(ReadOnlySpan<float> logits)
    {
        int best = 0;
        float largest = float.NegativeInfinity;
        for (int from = 0; from < logits.Length; from += Block)
        {
            float max = Max(logits.Slice(from, Math.Min(Block, logits.Length - from)));
            if (max > largest) (largest, best) = (max, from);
        }
        for (int i = best; i < Math.Min(best + Block, logits.Length); i++)
        {
            if (logits[i] == largest) return i;
        }
        return best;
    }

    /// <summary>weights[i] = e^((logit_i - max) · inverse), exactly 0 where that is below 2^-126.</summary>
    private static void Weigh(ReadOnlySpan<float> logits, float max, float inverse, Span<float> weights)
    {
        fixed (float* from = logits, to = weights)
        {
            int i = 0;
            for (; i + T.Count <= logits.Length; i += T.Count)
            {
                T exponent = T.Multiply(T.Multiply(T.Subtract(T.Load(from + i), T.Broadcast(max)), T.Broadcast(inverse)), T.Broadcast(LaneMath<T>.Log2E));
                T.Store(T.Subtract(LaneMath<T>.Exp2(exponent), T.Broadcast(Smallest)), to + i);
            }
            for (; i < logits.Length; i++)
                to[i] = LaneMath<LanesScalar>.Exp2Of((from[i] - max) * inverse * LaneMath<T>.Log2E) - Smallest;
        }
    }

    // What Exp2 makes of all that is smaller; taken away, it leaves 0 of them and changes nothing that counts.
    private const float Smallest = 1.17549435e-38f;

    private static float Max(ReadOnlySpan<float> values)
    {
        float max = float.NegativeInfinity;
        int i = 0;
        fixed (float* from = values)
        {
            if (values.Length >= T.Count)
            {
                T largest = T.Load(from);
                for (i = T.Count; i + T.Count <= values.Length; i += T.Count) largest = T.Max(largest, T.Load(from + i));
                max = T.MaxLane(largest);
            }
            for (; i < values.Length; i++)
            {
                if (from[i] > max) max = from[i];
            }
        }
        return max;
    }

    /// <summary>The sum of at most <see cref="Block"/> weights, lane by lane.</summary>
    private static double Sum(ReadOnlySpan<float> weights)
    {
        T sums = T.Broadcast(0f);
        int i = 0;
        double tail = 0;
        fixed (float* from = weights)
        {
            for (; i + T.Count <= weights.Length; i += T.Count) sums = T.Add(sums, T.Load(from + i));
            for (; i < weights.Length; i++) tail += from[i];
        }
        return LaneMath<T>.Sum(sums) + tail;
    }

    private double SumBlocks(ReadOnlySpan<float> weights)
    {
        double total = 0;
        for (int from = 0; from < weights.Length; from += Block)
            total += _blockSums[from / Block] = Sum(weights.Slice(from, Math.Min(Block, weights.Length - from)));
        return total;
    }

    /// <summary>The token at which the cumulative weight passes this share of the total.</summary>
    private int Invert(ReadOnlySpan<float> weights, float uniform, int best)
    {
        double target = uniform * SumBlocks(weights), cumulative = 0;
        int last = best;
        for (int from = 0; from < weights.Length; from += Block)
        {
            double block = _blockSums[from / Block];
            if (block == 0) continue;
            bool here = cumulative + block > target;
            if (!here && from + Block < weights.Length)
            {
                cumulative += block;
                continue;
            }
            for (int i = from; i < Math.Min(from + Block, weights.Length); i++)
            {
                if (weights[i] == 0f) continue;
                cumulative += weights[i];
                last = i;
                if (cumulative > target) return i;
            }
            if (here) return last;
        }
        return LastPossible(weights, last);
    }

    // Sums in another order can miss the target by their rounding: then the last token that is possible is meant.
    private static int LastPossible(ReadOnlySpan<float> weights, int otherwise)
    {
        for (int i = weights.Length - 1; i >= 0; i--)
        {
            if (weights[i] != 0f) return i;
        }
        return otherwise;
    }

    /// <summary>Zeroes what top-k and then top-p drop; among equal weights the smaller id stays.</summary>
    private void Truncate(Span<float> weights, in SamplingParameters parameters)
    {
        double total = SumBlocks(weights);
        Span<int> order = Candidates(weights, parameters, total);
        float[] byWeight = _weights;
        order.Sort((a, b) => byWeight[a] != byWeight[b] ? byWeight[b].CompareTo(byWeight[a]) : a.CompareTo(b));
        if (parameters.TopK > 0 && parameters.TopK < weights.Length)
        {
            order = order[..Math.Min(parameters.TopK, order.Length)];
            total = 0;
            foreach (int token in order) total += weights[token];
        }
        if (parameters.TopP < 1f)
        {
            double mass = 0;
            int nucleus = 0;
            while (nucleus < order.Length && mass < parameters.TopP * total) mass += weights[order[nucleus++]];
            order = order[..nucleus];
        }
        if (_kept.Length < order.Length) _kept = new float[order.Length];
        for (int i = 0; i < order.Length; i++) _kept[i] = weights[order[i]];
        weights.Clear();
        for (int i = 0; i < order.Length; i++) weights[order[i]] = _kept[i];
    }

    /// <summary>
    /// All tokens above some weight, and at least those that a truncation keeps: few when few tokens have nearly all the mass. The most probable has weight 1.
    /// </summary>
    private Span<int> Candidates(ReadOnlySpan<float> weights, in SamplingParameters parameters, double total)
    {
        bool counts = parameters.TopK > 0 && parameters.TopK < weights.Length;
        for (float threshold = 1f / 1024; ; threshold = threshold > 1e-12f ? threshold * threshold : 0f)
        {
            int found = 0;
            double mass = 0;
            for (int i = 0; i < weights.Length; i++)
            {
                if (weights[i] < threshold || weights[i] == 0f) continue;
                _candidates[found++] = i;
                mass += weights[i];
            }
            if (threshold == 0f || (counts ? found >= parameters.TopK : mass >= parameters.TopP * total)) return _candidates.AsSpan(0, found);
        }
    }
}
