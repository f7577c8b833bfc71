namespace CudaSearch.Answers.Algebra;

/// <summary>Numbers that look drawn at random and are always the same for the same name.</summary>
internal static class Chance
{
    /// <summary>A number from 0.5 to 2 (FNV-1a over the name and the index, then mixed).</summary>
    public static double Of(string name, int index)
    {
        ulong hash = 14695981039346656037;
        foreach (char c in name) hash = (hash ^ c) * 1099511628211;
        hash = (hash ^ (uint)index) * 1099511628211;
        hash ^= hash >> 33;
        hash *= 0xff51afd7ed558ccd;
        hash ^= hash >> 33;
        return 0.5 + 1.5 * ((hash >> 11) * (1.0 / (1UL << 53)));
    }
}
