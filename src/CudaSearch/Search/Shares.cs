namespace CudaSearch.Search;

/// <summary>Turns scores into shares, and shares into whole numbers or draws.</summary>
internal static class Shares
{
    /// <summary>exp(score / temperature), scaled to the sum 1; the largest score is subtracted first, so that nothing overflows.</summary>
    public static double[] Softmax(IReadOnlyList<double> scores, double temperature)
    {
        double largest = scores.Max();
        double[] shares = [.. scores.Select(score => Math.Exp((score - largest) / temperature))];
        double sum = shares.Sum();
        return [.. shares.Select(share => share / sum)];
    }

    /// <summary>
    /// Whole numbers with the sum <paramref name="total"/>, each within 1 of its share of it: all are rounded down, and what is left goes to the largest
    /// remainders, the first of equals.
    /// </summary>
    public static int[] Apportion(IReadOnlyList<double> shares, int total)
    {
        double[] quotas = [.. shares.Select(share => share * total)];
        int[] counts = [.. quotas.Select(quota => (int)quota)];
        int left = total - counts.Sum();
        foreach (int i in Enumerable.Range(0, counts.Length).OrderByDescending(i => quotas[i] - counts[i]).Take(left)) counts[i]++;
        return counts;
    }

    /// <summary>The index that a uniform number from [0, 1) falls on when the shares are laid out one after the other.</summary>
    public static int Pick(IReadOnlyList<double> shares, double uniform)
    {
        double end = 0;
        for (int i = 0; i < shares.Count; i++)
        {
            end += shares[i];
            if (uniform < end) return i;
        }
        // The sum fell short of 1 by rounding.
        return shares.Count - 1;
    }
}
