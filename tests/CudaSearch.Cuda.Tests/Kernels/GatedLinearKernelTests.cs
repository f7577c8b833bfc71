using CudaSearch.Backends;
using CudaSearch.Backends.Cuda;
using CudaSearch.Cuda.Tests.Support;

namespace CudaSearch.Cuda.Tests.Kernels;

public sealed class GatedLinearKernelTests(DeviceFixture device)
{
    // Rows that a launch may have beyond those of the pass.
    private const int Spare = 20;

    private GatedLinearKernel Kernel => new(device.Kernels);

    // As in LinearKernelTests; the longest ring here has eight stages of 128.
    public static TheoryData<int, int, int> Sizes => new()
    {
        { 1, 8, 64 }, { 2, 8, 1344 }, { 7, 72, 192 }, { 16, 136, 64 }, { 17, 24, 1280 }, { 64, 72, 512 }, { 65, 40, 128 }, { 129, 64, 320 },
        { 300, 72, 64 },
    };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void EveryTileGivesTheSameRightBits(int m, int n, int k)
    {
        var data = new GemmCase(m, n, k);
        byte[][] outputs = Schedules.Run(() => Tiles(tile => Run(Kernel, tile, data)));
        data.RequireRight(outputs[0], isBf16: true, (row, column) => Expected(data, row, column));
        Assert.All(outputs, output => Assert.Equal(outputs[0], output));
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void WeightsInE4M3GiveTheBitsOfTheirNumbers(int m, int n, int k)
    {
        GemmCase data = new GemmCase(m, n, k).InE4M3();
        var kernel = new GatedLinearKernel(device.Kernels, WeightPrecision.Fp8);
        byte[] expected = Run(Kernel, null, data.InBf16());
        Assert.All(Schedules.Run(() => Tiles(tile => Run(kernel, tile, data))), output => Assert.Equal(expected, output));
    }

    public static TheoryData<string, int, int, int> WarpgroupSizes =>
        WarpgroupPaths.Sizes((0, 16, 64), (1, 8, 64), (9, 40, 832), (64, 72, 448), (65, 136, 384), (129, 24, 320), (300, 136, 64));

    [Theory]
    [MemberData(nameof(WarpgroupSizes))]
    public void WarpgroupsGateToo(string path, int m, int n, int k)
    {
        var data = new GemmCase(m, n, k);
        using SplitWorkspace splits = WarpgroupPaths.Splits(device, n, k);
        var kernel = new GatedLinearKernel(device.Kernels, table: WarpgroupPaths.Table(device, path), splits: splits);
        byte[] output = Schedules.Run(() => Run(kernel, null, data));
        data.RequireRight(output, isBf16: true, (row, column) => Expected(data, row, column));
        WarpgroupPaths.RequireBitsOfMma(path, [Run(Kernel, null, data)], [output]);
    }

    [Fact]
    public void ARowComesOutTheSameAloneAndAmongOthers()
    {
        var many = new GemmCase(300, 24, 192);
        byte[] together = Run(Kernel, null, many);
        int rowBytes = many.N * sizeof(ushort);
        foreach (int row in (int[])[0, 15, 16, 63, 64, 200, 299])
            Assert.Equal(together[(row * rowBytes)..((row + 1) * rowBytes)], Run(Kernel, null, many.OneRow(row))[..rowBytes]);
    }

    [Fact]
    public void LargeGatesSaturate()
    {
        // Gates of some thousands: silu is the gate itself or nothing, and e^-v overflows without harm.
        var data = new GemmCase(2, 8, 64);
        data.Input.AsSpan(0, 64).Fill(Rounding.ToBf16(16f));
        data.Input.AsSpan(64).Fill(Rounding.ToBf16(-16f));
        data.Weight.AsSpan().Fill(Rounding.ToBf16(16f));
        byte[] output = Run(Kernel, null, data);
        data.RequireRight(output, isBf16: true, (row, column) => Expected(data, row, column));
    }

    [Fact]
    public void APassWithoutRowsWritesNothing()
    {
        var data = new GemmCase(0, 16, 64);
        Assert.All(Tiles(tile => Run(Kernel, tile, data)).SelectMany(output => output), octet => Assert.Equal(0xFF, octet));
    }

    [Theory]
    [InlineData(1, 12, 64)]
    [InlineData(1, 8, 32)]
    public void RefusesSizesItIsNotMadeFor(int rowCapacity, int n, int k) => Assert.ThrowsAny<ArgumentException>(() => Kernel.Launch(
        device.Stream, default, default, default, default, default, rowCapacity, n, k));

    [Theory]
    [InlineData("no_wait", 0)]
    [InlineData("no_barrier", 1)]
    [InlineData("no_row_bound", 1)]
    [InlineData("no_column_bound", 2)]
    [InlineData("one_weight", 0)]
    [InlineData("no_row_limit_of_squares", 1)]
    [InlineData("dropped_squares", 0)]
    [InlineData("dropped_lanes", 2)]
    [InlineData("scale_of_another_row", 1)]
    public void CatchesABrokenKernel(string what, int tile)
    {
        var data = new GemmCase(11, 24, 704);
        byte[] right = Run(Kernel, tile, data);
        Mutation.RequireCaught(device, () =>
        {
            using CudaModule module = device.LoadMutation($"gated_linear_{what}");
            return Run(new GatedLinearKernel(module.GetKernel<GatedLinearKernel.Arguments>), tile, data);
        }, right);
    }

    private static byte[][] Tiles(Func<int?, byte[]> run) =>
        [.. Enumerable.Range(0, GatedLinearKernel.Tiles.Length).Select(tile => run(tile))];

    // |silu'| <= 1.1. silu itself: e^v to 2 units and its exponent to one, which weighs |v|; then three roundings.
    private static (double Value, double Error) Expected(GemmCase data, int row, int column)
    {
        (double gate, double gateError) = data.NormedDot(row, data.Weight, column);
        (double up, double upError) = data.NormedDot(row, data.SecondWeight, column);
        double silu = gate / (1 + Math.Exp(-gate));
        double siluError = 1.1 * gateError + Math.Abs(silu) * (Math.Abs(gate) + 8) * Math.ScaleB(1, -23);
        return (silu * up, siluError * (Math.Abs(up) + upError) + Math.Abs(silu) * upError + 1e-38);
    }

    // Null: the tile that suits the size.
    private byte[] Run(GatedLinearKernel kernel, int? tile, GemmCase data)
    {
        int capacity = data.M + Spare;
        using CudaDeviceVariable<int> block = device.Upload<int>(new RowPass { Rows = data.M }.ToWords());
        using CudaDeviceVariable<ushort> input = device.Poisoned<ushort>(capacity * data.K);
        input.CopyFrom(data.Input);
        using CudaDeviceVariable<ushort> gate = device.Upload<ushort>(data.StoredWeight);
        using CudaDeviceVariable<ushort> up = device.Upload<ushort>(data.StoredSecondWeight);
        using CudaDeviceVariable<byte> output = device.Poisoned<byte>(capacity * data.N * sizeof(ushort));
        using CudaDeviceVariable<float> squares = device.Upload<float>(data.M == 0 ? [0] : data.Squares);
        var rows = new NormedRows(input.Pointer, squares.Pointer, data.NormColumns, GemmCase.Epsilon);
        (DevicePointer g, DevicePointer u, DevicePointer y) = (gate.Pointer, up.Pointer, output.Pointer);
        if (tile is int chosen)
            kernel.Launch(chosen, device.Stream, block.Pointer, rows, g, u, y, capacity, data.N, data.K);
        else
            kernel.Launch(device.Stream, block.Pointer, rows, g, u, y, capacity, data.N, data.K);
        device.Stream.Synchronize();
        return device.Download(output);
    }
}
