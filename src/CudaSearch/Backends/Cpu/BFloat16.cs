namespace CudaSearch.Backends.Cpu;

/// <summary>bfloat16 in the 16 bits of a <see cref="ushort"/>: the upper half of a float. (.NET 11 has a type for it; .NET 10 does not.)</summary>
internal static class BFloat16
{
    public static float ToSingle(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);
}
