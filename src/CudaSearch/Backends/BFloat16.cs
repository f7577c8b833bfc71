namespace CudaSearch.Backends;

/// <summary>bfloat16 in the 16 bits of a <see cref="ushort"/>: the upper half of a float. (.NET 11 has a type for it; .NET 10 does not.)</summary>
internal static class BFloat16
{
    /// <summary>Exact.</summary>
    public static float ToSingle(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);

    /// <summary>The nearest bfloat16, ties to even; a NaN stays one.</summary>
    public static ushort Round(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        if (float.IsNaN(value)) return (ushort)(bits >> 16 | 0x40);
        return (ushort)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
    }
}
