namespace CudaSearch.Cuda.Tests.Conformance;

/// <summary>
/// How far an output word may lie from the expected one. Words that are equal pass; with a tolerance the words are float32 and pass when
/// they are within so many units in the last place, or so close in absolute value. A NaN passes against a NaN alone.
/// </summary>
/// <param name="Ulps">Units in the last place.</param>
/// <param name="Absolute">Absolute distance.</param>
internal readonly record struct Tolerance(int Ulps, float Absolute)
{
    /// <summary>Bit for bit.</summary>
    public static Tolerance Exact => new(-1, 0);

    /// <summary>Equal as numbers: both zeros are one, and so are all NaN.</summary>
    public static Tolerance SameNumber => default;

    /// <summary>Counts the words that differ by more, and tells of the first.</summary>
    /// <returns>Null when there are none.</returns>
    public string? Difference(ReadOnlySpan<uint> expected, ReadOnlySpan<uint> actual)
    {
        if (expected.Length != actual.Length) return $"{actual.Length} words instead of {expected.Length}";
        int bad = 0, first = 0;
        for (int i = expected.Length - 1; i >= 0; i--)
        {
            if (Accepts(expected[i], actual[i])) continue;
            bad++;
            first = i;
        }
        return bad == 0 ? null : $"{bad} of {expected.Length} words differ; the first is word {first}: "
            + $"0x{actual[first]:x8} ({BitConverter.UInt32BitsToSingle(actual[first]):g9}) instead of "
            + $"0x{expected[first]:x8} ({BitConverter.UInt32BitsToSingle(expected[first]):g9})";
    }

    private bool Accepts(uint expected, uint actual)
    {
        if (expected == actual) return true;
        if (this == Exact) return false;
        float a = BitConverter.UInt32BitsToSingle(expected), b = BitConverter.UInt32BitsToSingle(actual);
        if (float.IsNaN(a) || float.IsNaN(b)) return float.IsNaN(a) && float.IsNaN(b);
        return Math.Abs(Rank(expected) - Rank(actual)) <= Ulps || Math.Abs((double)a - b) <= Absolute;
    }

    // Neighbouring floats have neighbouring ranks; both zeros are 0.
    private static long Rank(uint bits) => bits >> 31 == 0 ? bits : -(long)(bits & 0x7fffffff);
}
