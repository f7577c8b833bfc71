using static CudaSearch.Cuda.Tests.Conformance.Words;

namespace CudaSearch.Cuda.Tests.Conformance;

/// <summary>Loads, stores, asynchronous copies, atomics, and a result handed from block to block.</summary>
internal static class MemoryPrimitives
{
    public static IEnumerable<Primitive> All =>
    [
        new("16-byte access", "memory", "wide_access", words => words.Random(256), input =>
        [
            .. Enumerable.Range(0, 128).Select(i => input[i ^ 3]),
            .. Enumerable.Range(0, 128).Select(i => input[128 + 124 - i / 4 * 4 + i % 4]),
        ]),
        new("dynamic shared memory", "memory", "dynamic_shared", words => words.Random(256), input =>
            [.. Enumerable.Range(0, 256).Select(i => input[(i * 5 + 1) % 256])]) { Threads = 256, SharedBytes = 1024 },
        new("global atomics", "memory", "global_atomics", words => words.Random(256), input =>
        [
            .. Totals(input),
            (uint)(WideSum(input) & 0xffffffff), (uint)(WideSum(input) >> 32),
            SmallSum(input), 0,
            ~input.Max(), input.Max(),
        ]) { Blocks = 4, Threads = 64, StartsAtZero = true },
        new("shared atomics", "memory", "shared_atomics", words => words.Random(128), input => [.. Totals(input), SmallSum(input), 0])
            { Threads = 128 },
        new("exchange and compare", "memory", "exchange", words => words.Random(64), input => [0, Sum(input), 64])
            { Threads = 64, StartsAtZero = true },
        new("last block to arrive", "memory", "last_arriver", words => words.Random(256), input =>
            [Sum(input), 8, .. input.Chunk(32).Select(Sum)]) { Blocks = 8, StartsAtZero = true },
        new("dependent launches", "hopper", "dependent_launch", words => [.. words.Random(4096).Select(word => word | 1)], input =>
            [.. input.Select(Repeatedly)]) { Blocks = 64, Threads = 64, Launches = 8, StartsAtZero = true, NeedsHopper = true },
        new("asynchronous copies", "memory", "async_copies", words => words.Random(256), input =>
        [
            .. Enumerable.Range(0, 128).Select(i => input[124 - i / 4 * 4 + i % 4]),
            .. Enumerable.Range(0, 128).Select(i => (31 - i / 4) % 2 == 0 ? input[128 + 124 - i / 4 * 4 + i % 4] : 0),
        ]),
    ];

    // Sum, sum, greatest and least as signed, greatest and least as unsigned, all together with the zero that was there.
    private static uint[] Totals(uint[] input) =>
    [
        Sum(input), Sum(input),
        (uint)Math.Max(0, input.Max(word => (int)word)), (uint)Math.Min(0, input.Min(word => (int)word)),
        input.Max(), 0,
    ];

    // What eight launches make of an element.
    private static uint Repeatedly(uint word)
    {
        uint walk = word, value = 0;
        for (int step = 0; step < 512; step++) walk = walk * 1664525u + 1013904223u;
        for (int launch = 0; launch < 8; launch++) value = 3 * value + word + (walk == 0 ? 1u : 0);
        return value;
    }

    private static uint Sum(uint[] input) => input.Aggregate(0u, (sum, word) => sum + word);

    private static ulong WideSum(uint[] input) => input.Aggregate(0UL, (sum, word) => sum + ((ulong)word << 20));

    private static uint SmallSum(uint[] input) => Bits(input.Sum(word => (int)(word & 63)));
}
