namespace CudaSearch.Engine;

/// <summary>
/// The counter-based generator Philox4x32-10: each draw is a function of key and counter alone, so the order of draws cannot matter.
/// (Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3")
/// </summary>
public static class Philox
{
    private const uint Multiplier0 = 0xD2511F53, Multiplier1 = 0xCD9E8D57;
    private const uint Weyl0 = 0x9E3779B9, Weyl1 = 0xBB67AE85;

    /// <summary>Four 32-bit words for a 64-bit key and a 128-bit counter.</summary>
    public static (uint X0, uint X1, uint X2, uint X3) Words(ulong key, ulong counterLow, ulong counterHigh)
    {
        (uint k0, uint k1) = ((uint)key, (uint)(key >> 32));
        (uint x0, uint x1, uint x2, uint x3) = ((uint)counterLow, (uint)(counterLow >> 32), (uint)counterHigh, (uint)(counterHigh >> 32));
        for (int round = 0; round < 10; round++)
        {
            ulong p0 = (ulong)Multiplier0 * x0, p1 = (ulong)Multiplier1 * x2;
            (x0, x1, x2, x3) = ((uint)(p1 >> 32) ^ x1 ^ k0, (uint)p1, (uint)(p0 >> 32) ^ x3 ^ k1, (uint)p0);
            k0 += Weyl0;
            k1 += Weyl1;
        }
        return (x0, x1, x2, x3);
    }

    /// <summary>A float in [0, 1) for one token: (seed, problem, beam, position).</summary>
    public static float Uniform(ulong seed, ulong problem, int beam, int position) => Draw(seed, problem, beam, position).Uniform;

    /// <summary>
    /// What a draw of one token needs, from other words of the same block each: a float in [0, 1), and a key for generators of many numbers.
    /// </summary>
    public static (float Uniform, ulong Key) Draw(ulong seed, ulong problem, int beam, int position)
    {
        (uint x0, _, uint x2, uint x3) = Words(seed, problem, (uint)beam | (ulong)(uint)position << 32);
        return ((x0 >> 8) * (1f / (1 << 24)), x2 | (ulong)x3 << 32);
    }
}
