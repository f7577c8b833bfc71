namespace CudaSearch.Checkpoints;

/// <summary>
/// Llama 3's stretching of the rotary embedding: slow rotations are slowed further by <paramref name="Factor"/>, fast ones kept,
/// those between blended.
/// </summary>
/// <param name="Factor">How many times longer the context became, at least 1.</param>
/// <param name="LowFreqFactor">Rotations that turn fewer times than this within the original context are slowed fully.</param>
/// <param name="HighFreqFactor">Rotations that turn more times than this within the original context are kept; above <paramref name="LowFreqFactor"/>.</param>
/// <param name="OriginalMaxPositionEmbeddings">The original context in tokens.</param>
public sealed record Llama3RopeScaling(double Factor, double LowFreqFactor, double HighFreqFactor, int OriginalMaxPositionEmbeddings)
{
    /// <summary>The inverse frequency (radians per position) that replaces an unscaled one.</summary>
    public double Apply(double inverseFrequency)
    {
        double turns = OriginalMaxPositionEmbeddings * inverseFrequency / (2 * Math.PI); // within the original context
        if (turns < LowFreqFactor) return inverseFrequency / Factor;
        if (turns > HighFreqFactor) return inverseFrequency;
        double kept = (turns - LowFreqFactor) / (HighFreqFactor - LowFreqFactor);
        return (1 - kept) * inverseFrequency / Factor + kept * inverseFrequency;
    }
}
