namespace CudaSearch.Tests.Backends;

/// <summary>e4m3 straight from its definition, and slowly.</summary>
internal static class E4M3Reference
{
    /// <summary>The code of the largest number.</summary>
    public const int Largest = 0x7E;

    private static readonly double[] s_magnitudes = [.. Enumerable.Range(0, Largest + 1).Select(ValueOf)];

    /// <summary>What a code stands for.</summary>
    public static double ValueOf(int code)
    {
        int exponent = code >> 3 & 15, mantissa = code & 7;
        if ((code & 0x7F) > Largest) return double.NaN;
        double magnitude = exponent == 0 ? mantissa * Math.Pow(2, -9) : (8 + mantissa) * Math.Pow(2, exponent - 10);
        return (code & 0x80) == 0 ? magnitude : -magnitude;
    }

    /// <summary>The nearest code; of two equally near the even one.</summary>
    public static int Round(float value)
    {
        if (float.IsNaN(value)) return 0x7F;
        double magnitude = Math.Min(Math.Abs((double)value), s_magnitudes[Largest]);
        int nearest = 0;
        for (int code = 1; code <= Largest; code++)
        {
            double closer = Math.Abs(s_magnitudes[nearest] - magnitude) - Math.Abs(s_magnitudes[code] - magnitude);
            if (closer > 0 || (closer == 0 && code % 2 == 0)) nearest = code;
        }
        return nearest | (float.IsNegative(value) ? 0x80 : 0);
    }

    /// <summary>The scale of a vector: what makes its largest magnitude 448.</summary>
    public static float ScaleOf(IEnumerable<float> vector) => vector.Max(Math.Abs) / 448f;

    /// <summary>The scale of a key or a value: the nearest bf16 to that, found among its neighbours.</summary>
    public static float KvScaleOf(IEnumerable<float> vector)
    {
        float scale = ScaleOf(vector);
        uint below = BitConverter.SingleToUInt32Bits(scale) & 0xFFFF0000;
        float low = BitConverter.UInt32BitsToSingle(below), high = BitConverter.UInt32BitsToSingle(below + 0x10000);
        double nearer = (high - (double)scale) - (scale - (double)low);
        return nearer < 0 || (nearer == 0 && (below & 0x10000) != 0) ? high : low;
    }

    /// <summary>What a row of a matrix becomes.</summary>
    public static double[] Rounded(IReadOnlyList<float> vector) => Rounded(vector, ScaleOf(vector));

    /// <summary>What a key or a value becomes.</summary>
    public static double[] RoundedKv(IReadOnlyList<float> vector) => Rounded(vector, KvScaleOf(vector));

    private static double[] Rounded(IReadOnlyList<float> vector, float scale) =>
        [.. vector.Select(element => scale > 0 ? ValueOf(Round(element / scale)) * scale : 0)];
}
