using System.Numerics;

namespace CudaSearch.Cache;

/// <summary>A small integer hash. It only decides where to look: whoever uses it compares what it hashed.</summary>
internal static class PageHash
{
    /// <summary>Adds one value to a running hash.</summary>
    public static uint Add(uint hash, int value) => BitOperations.RotateLeft(hash ^ ((uint)value * 0xCC9E2D51u), 13) * 5 + 0xE6546B64u;

    /// <summary>Spreads a running hash over all its bits, so that the low ones can index a table.</summary>
    public static uint Finish(uint hash)
    {
        hash = (hash ^ (hash >> 16)) * 0x85EBCA6Bu;
        hash = (hash ^ (hash >> 13)) * 0xC2B2AE35u;
        return hash ^ (hash >> 16);
    }
}
