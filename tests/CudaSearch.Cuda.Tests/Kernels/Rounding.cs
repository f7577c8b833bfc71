namespace CudaSearch.Cuda.Tests.Kernels;

/// <summary>bf16 in the tests of kernels.</summary>
internal static class Rounding
{
    /// <summary>The nearest bf16, ties to even. Not for NaN.</summary>
    public static ushort ToBf16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return (ushort)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
    }

    /// <summary>The value of a bf16.</summary>
    public static float FromBf16(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);

    /// <summary>Random bf16 numbers, uniform in (-scale, scale).</summary>
    public static ushort[] Random(Random random, int length, float scale = 1f) =>
        [.. Enumerable.Range(0, length).Select(_ => ToBf16((2 * random.NextSingle() - 1) * scale))];
}
