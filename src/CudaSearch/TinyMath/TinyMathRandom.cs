namespace CudaSearch.TinyMath;

/// <summary>
/// SplitMix64: a deterministic generator of our own, because <see cref="Random"/> with a seed promises no stable sequence across .NET
/// versions and the problems must never change.
/// </summary>
public sealed class TinyMathRandom
{
    private ulong _state;

    /// <summary>Starts the sequence that belongs to a seed.</summary>
    /// <param name="seed">Any value; equal seeds give equal sequences.</param>
    public TinyMathRandom(ulong seed) => _state = seed;

    /// <summary>The next 64 random bits.</summary>
    public ulong NextBits()
    {
        _state += 0x9E3779B97F4A7C15UL;
        var z = _state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }

    /// <summary>A whole number from <paramref name="low"/> to <paramref name="high"/>, both included.</summary>
    /// <param name="low">The smallest value.</param>
    /// <param name="high">The largest value; when it is below <paramref name="low"/>, <paramref name="low"/> is returned.</param>
    public int Next(int low, int high) => high <= low ? low : low + (int)(NextBits() % (ulong)(high - low + 1));

    /// <summary>True in <paramref name="percent"/> of 100 calls.</summary>
    /// <param name="percent">0 to 100.</param>
    public bool Chance(int percent) => Next(0, 99) < percent;

    /// <summary>One of the values, each equally likely.</summary>
    /// <param name="values">At least one value.</param>
    public T Pick<T>(IReadOnlyList<T> values) => values[Next(0, values.Count - 1)];
}
