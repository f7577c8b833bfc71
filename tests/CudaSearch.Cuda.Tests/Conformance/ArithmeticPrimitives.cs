using CudaSearch.Tests.Backends;
using static CudaSearch.Cuda.Tests.Conformance.Words;

namespace CudaSearch.Cuda.Tests.Conformance;

/// <summary>Arithmetic that is one instruction on a GPU.</summary>
internal static class ArithmeticPrimitives
{
    private const int Count = 128;

    // Where conversions and comparisons go wrong: zeros, infinities, NaN, subnormals, ties.
    private static readonly uint[] s_edges =
    [
        0x00000000, 0x80000000, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc12345, 0x7f812345, 0x00000001, 0x807fffff, 0x00800000, 0x7f7fffff,
        0xff7fffff, 0x3f808000, 0x3f818000, 0x3f807fff, 0x3f808001, 0x7f7f8000, 0xff7f7fff, 0x3f800000, 0xbf800000,
    ];

    public static IEnumerable<Primitive> All =>
    [
        // The manual's bounds: 2 ulp for ex2, 2^-22.6 for lg2 (absolute near 1), 2^-22.9 for rsqrt; both sides may be off by that much.
        Unary("exp2", "exp2", words => [.. words.Floats(Count - 6, -126, 127), .. Floats(0, -0f, 1, -200, 200, float.NegativeInfinity)],
            value => (float)Math.Pow(2, value)) with { Tolerance = new Tolerance(4, 0) },
        Unary("exp2 of probabilities", "exp2", words => words.Floats(Count, -40, 0), value => (float)Math.Pow(2, value))
            with { Tolerance = new Tolerance(4, 0) },
        Unary("log2", "log2",
            words => [.. words.Floats(64, 0, 2), .. words.Floats(Count - 67, 0, 1e9f), .. Floats(1, 0, float.PositiveInfinity)],
            value => (float)Math.Log2(value)) with { Tolerance = new Tolerance(4, 4.8e-7f) },
        Unary("reciprocal root", "reciprocal_root", words => [.. words.Floats(64, 0, 1), .. words.Floats(Count - 64, 1e-6f, 1e9f)],
            value => (float)(1 / Math.Sqrt(value))) with { Tolerance = new Tolerance(3, 0) },
        new("fused and separate", "arithmetic", "fused", words => words.Floats(3 * Count, -100, 100), input =>
        [
            .. Element(i => Bits(MathF.FusedMultiplyAdd(Float(input[i]), Float(input[Count + i]), Float(input[2 * Count + i])))),
            .. Element(i => Bits(Rounded(Float(input[i]) * Float(input[Count + i])) + Float(input[2 * Count + i]))),
            .. Element(i => Bits(Float(input[i]) / Float(input[Count + i]))),
        ]) { Threads = Count },
        new("extrema", "arithmetic", "extrema", words => [.. WithEdges(words), .. s_edges.Reverse(), .. WithEdges(words)], input =>
        [
            .. Element(i => Bits(Other(Float(input[i]), Float(input[Count + i]), Math.Max))),
            .. Element(i => Bits(Other(Float(input[i]), Float(input[Count + i]), Math.Min))),
        ]) { Threads = Count, Tolerance = Tolerance.SameNumber },
        new("high product", "arithmetic", "high_product", words => words.Random(2 * Count), input =>
            [.. Element(i => (uint)((ulong)input[i] * input[Count + i] >> 32))]) { Threads = Count },
        new("to bf16", "arithmetic", "round_to_bf16", words => [.. WithEdges(words), .. words.Random(Count)], input =>
        [
            .. Element(i => ToBFloat16(Float(input[i]))),
            .. Element(i => ToBFloat16(Float(input[i])) | ToBFloat16(Float(input[Count + i])) << 16),
        ]) { Threads = Count },
        new("from bf16", "arithmetic", "widen_bf16", words => words.Random(Count), input =>
            [.. Element(i => input[i] << 16), .. Element(i => input[i] << 16), .. Element(i => input[i] & 0xffff0000)]) { Threads = Count },
        // Not near the ends of the range; the widening of e4m3, below, has subnormal factors.
        new("product of bf16", "arithmetic", "multiply_bf16",
            words => [.. words.Random(2 * Count).Select(word => word & 0xbfffbfff | 0x20002000)], input =>
            [.. Element(i => Product(input[i] << 16, input[Count + i] << 16) | Product(input[i] & 0xffff0000, input[Count + i] & 0xffff0000) << 16)])
            { Threads = Count },
        // Half way between all neighbours, and a float to either side; then the edges.
        .. new[] { -1, 0, 1 }.Select(side => new Primitive($"ties to e4m3, {side}", "arithmetic", "round_to_e4m3",
            _ => [.. Enumerable.Range(0, Count).Select(i => Bits(Tie(i)) + (uint)side)], input => [.. Element(i => (uint)E4M3Reference.Round(Float(input[i])))])
            { Threads = Count }),
        new("to e4m3", "arithmetic", "round_to_e4m3", words => [.. s_edges, .. words.Floats(Count - s_edges.Length, -600, 600)], input =>
            [.. Element(i => (uint)E4M3Reference.Round(Float(input[i])))]) { Threads = Count },
        // Four codes a word: all of them, and again.
        new("from e4m3", "arithmetic", "widen_from_e4m3",
            _ => [.. Enumerable.Range(0, Count).Select(i => (uint)(i * 4 % 256) * 0x01010101 + 0x03020100)], input =>
            [.. Element(i => Wide(input[i]) | Wide(input[i] >> 16) << 16), .. Element(i => Wide(input[i] >> 8) | Wide(input[i] >> 24) << 16)]) { Threads = Count },
    ];

    private static uint Product(uint a, uint b) => ToBFloat16(Float(a) * Float(b));

    // Between code and code + 1, of either sign.
    private static float Tie(int i)
    {
        int code = Math.Min(i, E4M3Reference.Largest - 1);
        float tie = (float)((E4M3Reference.ValueOf(code) + E4M3Reference.ValueOf(code + 1)) / 2);
        return i % 2 == 0 ? tie : -tie;
    }

    // As bf16; the code for what is no number counts as the one that would follow, 480.
    private static uint Wide(uint word)
    {
        uint code = word & 0xff, sign = code >> 7;
        float magnitude = (code & 0x7f) == 0x7f ? 480 : (float)E4M3Reference.ValueOf((int)(code & 0x7f));
        return Bits(magnitude) >> 16 | sign << 15;
    }

    private static Primitive Unary(string name, string kernel, Func<Words, uint[]> input, Func<float, float> function) =>
        new(name, "arithmetic", kernel, input, words => [.. words.Select(word => Bits(function(Float(word))))]) { Threads = Count };

    private static uint[] WithEdges(Words words) => [.. s_edges, .. words.Random(Count - s_edges.Length)];

    private static uint[] Floats(params float[] values) => [.. values.Select(Bits)];

    private static IEnumerable<uint> Element(Func<int, uint> value) => Enumerable.Range(0, Count).Select(value);

    // A product that is rounded before anything is added to it, whatever the compiler would rather do.
    private static float Rounded(float product) => Float(Bits(product));

    // A NaN loses against a number.
    private static float Other(float a, float b, Func<float, float, float> choose) =>
        float.IsNaN(a) ? b : float.IsNaN(b) ? a : choose(a, b);
}
