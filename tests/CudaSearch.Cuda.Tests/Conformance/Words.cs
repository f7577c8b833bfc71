namespace CudaSearch.Cuda.Tests.Conformance;

/// <summary>Makes input words: the same for the same seed on every machine (splitmix64, Steele et al. 2014).</summary>
/// <param name="seed">Any text.</param>
internal sealed class Words(string seed)
{
    private ulong _state = seed.Aggregate(14695981039346656037UL, (hash, letter) => (hash ^ letter) * 1099511628211UL);

    /// <summary>A random word.</summary>
    public uint Next()
    {
        ulong z = _state += 0x9e3779b97f4a7c15;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return (uint)((z ^ (z >> 31)) >> 32);
    }

    /// <summary>Random words.</summary>
    public uint[] Random(int count) => Make(count, Next);

    /// <summary>Random float32 between two bounds.</summary>
    public uint[] Floats(int count, float low, float high) => Make(count, () => Bits(low + (high - low) * NextUnit()));

    /// <summary>Pairs of random bf16 in [−1, 1].</summary>
    public uint[] RealPairs(int count) => Make(count, () => Pair(NextUnit() * 2 - 1, NextUnit() * 2 - 1));

    /// <summary>Pairs of bf16 that are integers from −8 to 8, whose products and sums are exact.</summary>
    public uint[] IntegerPairs(int count) => Make(count, () => Pair((int)(Next() % 17) - 8, (int)(Next() % 17) - 8));

    /// <summary>Float32 that are integers from −100 to 100.</summary>
    public uint[] IntegerFloats(int count) => Make(count, () => Bits((int)(Next() % 201) - 100));

    /// <summary>The words of a float32.</summary>
    public static uint Bits(float value) => BitConverter.SingleToUInt32Bits(value);

    /// <summary>The float32 of a word.</summary>
    public static float Float(uint word) => BitConverter.UInt32BitsToSingle(word);

    /// <summary>Float32 to bf16, to the nearest, ties to even; every NaN is 0x7fff.</summary>
    public static uint ToBFloat16(float value)
    {
        if (float.IsNaN(value)) return 0x7fff;
        uint bits = Bits(value), kept = bits >> 16, rest = bits & 0xffff;
        return rest > 0x8000 || (rest == 0x8000 && (kept & 1) == 1) ? kept + 1 : kept;
    }

    /// <summary>The bf16 in the low (0) or high (1) half of a word, widened.</summary>
    public static float FromPair(uint pair, int half) => Float(half == 0 ? pair << 16 : pair & 0xffff0000);

    private static uint Pair(float low, float high) => ToBFloat16(low) | ToBFloat16(high) << 16;

    private float NextUnit() => (Next() >> 8) / 16777216f;

    private static uint[] Make(int count, Func<uint> next)
    {
        var words = new uint[count];
        for (int i = 0; i < count; i++) words[i] = next();
        return words;
    }
}
