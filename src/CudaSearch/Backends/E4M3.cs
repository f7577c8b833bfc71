namespace CudaSearch.Backends;

/// <summary>
/// e4m3, eight-bit floats: a sign, four bits of exponent with bias 7, three of mantissa; at most 448, no infinities, 0x7F and 0xFF for what is no number
/// (OCP 8-bit Floating Point Specification, 2023). What is kept in it has a scale beside it, so that the largest magnitude becomes 448.
/// </summary>
internal static class E4M3
{
    /// <summary>The largest number.</summary>
    public const float Max = 448f;

    private const float LeastNormal = 1f / 64;

    // A unit in its last place is 2^-9, the least subnormal.
    private const float Unit = 16384f;

    /// <summary>Exact.</summary>
    public static float ToSingle(byte code)
    {
        if ((code & 0x7F) == 0x7F) return float.NaN;
        // The code's fields in the places of a float's make a number 2^-120 times too small, subnormals included.
        float magnitude = BitConverter.UInt32BitsToSingle((uint)(code & 0x7F) << 20) * 1.329227995784915872903807060280344576e36f;
        return code < 0x80 ? magnitude : -magnitude;
    }

    /// <summary>The nearest code, ties to even; 448 for all that is larger; 0x7F for NaN.</summary>
    public static byte Round(float value)
    {
        if (float.IsNaN(value)) return 0x7F;
        float magnitude = MathF.Min(MathF.Abs(value), Max);
        uint bits = BitConverter.SingleToUInt32Bits(magnitude);
        uint code = magnitude < LeastNormal
            ? BitConverter.SingleToUInt32Bits(magnitude + Unit) - BitConverter.SingleToUInt32Bits(Unit)
            : ((bits + 0x7FFFF + (bits >> 20 & 1)) >> 20) - (120 << 3);
        return (byte)(BitConverter.SingleToUInt32Bits(value) >> 24 & 0x80 | code);
    }

    /// <summary>The scale of a vector; no number where one of its elements is none.</summary>
    public static float ScaleOf(ReadOnlySpan<float> vector)
    {
        float largest = 0f;
        foreach (float element in vector) largest = MathF.Max(largest, MathF.Abs(element));
        return largest / Max;
    }

    /// <summary>The scale of a key or a value: <see cref="ScaleOf"/> to the nearest bf16, so that products with it can be computed in bf16.</summary>
    public static float KvScaleOf(ReadOnlySpan<float> vector) => BFloat16.ToSingle(BFloat16.Round(ScaleOf(vector)));

    /// <summary>The code of an element under its vector's scale.</summary>
    public static byte Round(float element, float scale) => scale > 0f ? Round(element / scale) : (byte)0;
}
