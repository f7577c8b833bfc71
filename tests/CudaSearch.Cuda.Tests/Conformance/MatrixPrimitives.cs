using static CudaSearch.Cuda.Tests.Conformance.Words;

namespace CudaSearch.Cuda.Tests.Conformance;

/// <summary>
/// Fragments of ldmatrix, mma and wgmma, by the figures of the PTX manual. Integers must agree bit for bit, so every element is seen to lie
/// where it should; with reals a tensor core may round each of its additions, in an order of its own.
/// </summary>
internal static class MatrixPrimitives
{
    public static IEnumerable<Primitive> All =>
    [
        new("matrix loads", "matrix", "load_fragments", words => words.Random(128), input =>
        [
            .. Registers(4, (tile, lane) => Row(input, tile, lane)), .. Registers(4, (tile, lane) => Column(input, tile, lane)),
            .. Registers(2, (tile, lane) => Row(input, tile, lane)), .. Registers(2, (tile, lane) => Column(input, tile, lane)),
        ]),
        Multiply("product of integers", "multiply", 1, 1, words => [.. words.IntegerPairs(192), .. words.IntegerFloats(128)]),
        Multiply("product of reals", "multiply", 1, 1, words => [.. words.RealPairs(192), .. words.Floats(128, -1, 1)])
            with { Tolerance = new Tolerance(2, 8e-6f) },
        Multiply("tile of integers", "multiply_tile", 2, 3, words => [.. words.IntegerPairs(448), .. words.IntegerFloats(768)]),
        Multiply("tile of reals", "multiply_tile", 2, 3, words => [.. words.RealPairs(448), .. words.Floats(768, -1, 1)])
            with { Tolerance = new Tolerance(2, 8e-6f) },
        .. ((int[])[8, 16, 32, 64, 128, 256]).SelectMany(width => (Primitive[])
        [
            Warpgroup($"warpgroup of integers, {width} wide", width, words => words.IntegerPairs((64 + width) * 32)),
            Warpgroup($"warpgroup of reals, {width} wide", width, words => words.RealPairs((64 + width) * 32))
                with { Tolerance = new Tolerance(2, 3.2e-5f) },
        ]),
        .. ((int[])[64, 128]).SelectMany(width => (Primitive[])
        [
            Registers($"warpgroup of integers in registers, {width} wide", width, words => words.IntegerPairs((64 + width) * 32)),
            Registers($"warpgroup of reals in registers, {width} wide", width, words => words.RealPairs((64 + width) * 32))
                with { Tolerance = new Tolerance(2, 3.2e-5f) },
        ]),
        new("two chains of a warpgroup", "hopper", "warpgroup_chains", words => words.IntegerPairs(160 * 32), input =>
            [.. Enumerable.Range(0, 2).SelectMany(chain => WarpgroupProduct(input, chain * 64, 128, 32))])
            { Threads = 128, SharedBytes = 160 * 128, NeedsHopper = true },
        new("bulk copies", "hopper", "bulk_copies", words => words.Random(256), input =>
            [.. Enumerable.Range(0, 256).Select(i => input[i / 128 * 128 + 127 - i % 128])])
            { Threads = 128, NeedsHopper = true },
        new("phases of barriers", "hopper", "barrier_phases", words => words.Random(128), input =>
            [.. Enumerable.Range(0, 128).Select(i => input[i / 32 * 32 + 31 - i % 32])])
            { Threads = 64, NeedsHopper = true, Unchecked = true },
    ];

    private static IEnumerable<uint> Registers(int count, Func<int, int, uint> value) =>
        Enumerable.Range(0, count * 32).Select(i => value(i / 32, i % 32));

    // ldmatrix: lane l holds elements 2 (l % 4) and the next of row l / 4 of the tile …
    private static uint Row(uint[] tiles, int tile, int lane) => tiles[tile * 32 + lane];

    // … or of its transpose.
    private static uint Column(uint[] tiles, int tile, int lane)
    {
        int column = lane / 4, row = lane % 4 * 2;
        return Element(tiles, tile, row, column) | Element(tiles, tile, row + 1, column) << 16;
    }

    private static uint Element(uint[] tiles, int tile, int row, int column) =>
        tiles[tile * 32 + row * 4 + column / 2] >> (column % 2 * 16) & 0xffff;

    // d[16, 8] += a[16, 16] b[16, 8] for a grid of products; input a [rows][4], b [columns][2], d [rows][columns][4] registers of 32 lanes.
    private static Primitive Multiply(string name, string kernel, int rows, int columns, Func<Words, uint[]> makeInput) =>
        new(name, "matrix", kernel, makeInput, input =>
        {
            int bStart = rows * 4 * 32, dStart = bStart + columns * 2 * 32;
            return
            [
                .. Enumerable.Range(0, rows * columns).SelectMany(product => Registers(4, (register, lane) =>
                {
                    int row = lane / 4 + register / 2 * 8, column = lane % 4 * 2 + register % 2;
                    double sum = Float(input[dStart + (product * 4 + register) * 32 + lane]);
                    for (int k = 0; k < 16; k++)
                    {
                        // a: register 1 and 3 hold the lower 8 rows, 2 and 3 the right 8 columns. b: register 1 holds the lower 8 rows.
                        uint a = input[(product / columns * 4 + row / 8 + k / 8 * 2) * 32 + row % 8 * 4 + k % 8 / 2];
                        uint b = input[bStart + (product % columns * 2 + k / 8) * 32 + column * 4 + k % 8 / 2];
                        sum += (double)FromPair(a, k % 2) * FromPair(b, k % 2);
                    }
                    return Bits((float)sum);
                })),
            ];
        });

    // d[64, width] = a[64, 64] b[width, 64]^T; thread t of the warpgroup holds rows 16 (t / 32) + t % 32 / 4 and 8 below.
    private static Primitive Warpgroup(string name, int width, Func<Words, uint[]> makeInput) =>
        new(name, "hopper", $"warpgroup_{width}", makeInput, input => [.. WarpgroupProduct(input, 0, 64, width)])
            { Threads = 128, SharedBytes = (64 + width) * 128, NeedsHopper = true };

    // d[64, width] = a[64, 64] b[64, width], b in tiles of 64 columns.
    private static Primitive Registers(string name, int width, Func<Words, uint[]> makeInput) =>
        new(name, "hopper", $"warpgroup_registers_{width}", makeInput, input =>
        [
            .. WarpgroupRegisters(width, (row, column) => Enumerable.Range(0, 64).Sum(k =>
                (double)FromPair(input[row * 32 + k / 2], k % 2) * FromPair(input[(64 + column / 64 * 64 + k) * 32 + column % 64 / 2], column % 2))),
        ]) { Threads = 128, SharedBytes = width * 128, NeedsHopper = true };

    // Registers of 64 rows of a, from firstA on, times `width` rows from firstB on.
    private static IEnumerable<uint> WarpgroupProduct(uint[] input, int firstA, int firstB, int width) => WarpgroupRegisters(width, (row, column) =>
        Enumerable.Range(0, 64).Sum(k =>
            (double)FromPair(input[(firstA + row) * 32 + k / 2], k % 2) * FromPair(input[(firstB + column) * 32 + k / 2], k % 2)));

    private static IEnumerable<uint> WarpgroupRegisters(int width, Func<int, int, double> value) => Enumerable.Range(0, width / 2 * 128).Select(i =>
    {
        int register = i / 128, thread = i % 128;
        return Bits((float)value(thread / 32 * 16 + thread % 32 / 4 + register % 4 / 2 * 8, register / 4 * 8 + thread % 4 * 2 + register % 2));
    });
}
