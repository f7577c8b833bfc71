using static CudaSearch.Cuda.Tests.Conformance.Words;

namespace CudaSearch.Cuda.Tests.Conformance;

/// <summary>Shuffles, votes and reductions inside a warp.</summary>
internal static class WarpPrimitives
{
    private const int Lanes = 32;

    public static IEnumerable<Primitive> All =>
    [
        new("shuffle", "warp", "shuffle", words => words.Random(64), input =>
        [
            .. Lane(lane => input[input[32 + lane] % 32]),
            .. Lane(lane => input[lane / 8 * 8 + (int)(input[32 + lane] % 32 % 8)]),
            .. Lane(_ => input[17]),
        ]),
        new("shuffle xor", "warp", "shuffle_xor", words => words.Random(32), input =>
            [.. Lane(lane => input[lane ^ 1]), .. Lane(lane => input[lane ^ 21]), .. Lane(lane => input[lane ^ 4])]),
        new("shuffle up and down", "warp", "shuffle_up_down", words => words.Random(32), input =>
        [
            .. Lane(lane => input[lane >= 3 ? lane - 3 : lane]),
            .. Lane(lane => input[lane % 16 >= 5 ? lane - 5 : lane]),
            .. Lane(lane => input[lane + 3 < 32 ? lane + 3 : lane]),
            .. Lane(lane => input[lane % 16 + 5 < 16 ? lane + 5 : lane]),
        ]),
        new("shuffle of half a warp", "warp", "shuffle_masked", words => words.Random(32), input =>
            [.. Lane(lane => lane % 2 == 1 ? input[lane ^ 2] : input[30])]),
        new("votes", "warp", "vote", words => words.Random(33), input =>
        [
            .. Lane(_ => (uint)Enumerable.Range(0, Lanes).Sum(lane => (long)(input[lane] & 1) << lane)),
            .. Lane(_ => 1), .. Lane(_ => 0), .. Lane(_ => 1), .. Lane(_ => 0),
        ]),
        new("sums of floats", "warp", "float_sums", words => words.Floats(32, -1000, 1000), input =>
            [.. new[] { 32, 16, 8, 4, 2 }.SelectMany(width => Butterfly(input, width, (a, b) => Bits(Float(a) + Float(b))))]),
        new("maxima", "warp", "maxima", words => words.Floats(32, -1000, 1000), input =>
        [
            .. Butterfly(input, 32, (a, b) => Bits(Math.Max(Float(a), Float(b)))),
            .. Butterfly(input, 4, (a, b) => Bits(Math.Max(Float(a), Float(b)))),
            .. Butterfly(input, 32, (a, b) => (uint)Math.Max((int)a, (int)b)),
            .. Butterfly(input, 32, Math.Max),
            .. Butterfly(input, 8, Math.Max),
        ]),
        new("sums of integers", "warp", "integer_sums", words => words.Random(32), input =>
            [.. Butterfly(input, 32, (a, b) => a + b), .. Butterfly(input, 8, (a, b) => a + b)]),
    ];

    private static IEnumerable<uint> Lane(Func<int, uint> value) => Enumerable.Range(0, Lanes).Select(value);

    // Every lane combines with its neighbour at distance width/2, width/4 … 1.
    private static uint[] Butterfly(uint[] input, int width, Func<uint, uint, uint> combine)
    {
        uint[] values = input;
        for (int distance = width / 2; distance > 0; distance /= 2)
        {
            uint[] before = values;
            values = [.. Lane(lane => combine(before[lane], before[lane ^ distance]))];
        }
        return values;
    }
}
