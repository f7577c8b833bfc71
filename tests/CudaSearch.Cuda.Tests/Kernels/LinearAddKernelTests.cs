using System.Runtime.InteropServices;
using CudaSearch.Backends;
using CudaSearch.Backends.Cuda;
using CudaSearch.Cuda.Tests.Support;

namespace CudaSearch.Cuda.Tests.Kernels;

public sealed class LinearAddKernelTests(DeviceFixture device)
{
    // Rows that a launch may have beyond those of the pass: they must stay as they are.
    private const int Spare = 20;

    private LinearAddKernel Kernel => new(device.Kernels);

    // As in LinearKernelTests, whose ring this is.
    public static TheoryData<int, int, int> Sizes => new()
    {
        { 1, 8, 64 }, { 2, 64, 2048 }, { 7, 72, 192 }, { 16, 408, 64 }, { 17, 64, 512 }, { 63, 64, 128 }, { 65, 136, 64 }, { 129, 192, 64 },
    };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void EveryTileAddsAndPreparesTheNormInTheSameBits(int m, int n, int k)
    {
        var data = new GemmCase(m, n, k);
        byte[][] outputs = Schedules.Run(() => [.. Tiles().SelectMany(tile => Run(Kernel, tile, data))]);
        data.RequireRight(outputs[0], isBf16: false, (row, column) =>
        {
            (double value, double error) = data.Dot(row, data.Weight, column);
            return (value + Residual(data, row, column), error);
        });
        PreparedNorm.RequireRight(MemoryMarshal.Cast<byte, float>(outputs[0])[..(m * n)], data.Bias, outputs[1], outputs[2]);
        for (int i = 3; i < outputs.Length; i++) Assert.Equal(outputs[i % 3], outputs[i]);
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void WeightsInE4M3GiveTheBitsOfTheirNumbers(int m, int n, int k)
    {
        GemmCase data = new GemmCase(m, n, k).InE4M3();
        byte[][] expected = Run(Kernel, null, data.InBf16());
        var kernel = new LinearAddKernel(device.Kernels, WeightPrecision.Fp8);
        byte[][] outputs = Schedules.Run(() => [.. Tiles().SelectMany(tile => Run(kernel, tile, data))]);
        for (int i = 0; i < outputs.Length; i++) Assert.Equal(expected[i % 3], outputs[i]);
    }

    [Theory]
    [InlineData("other_scale")]
    [InlineData("bytes_swapped")]
    [InlineData("subnormals_lost")]
    public void CatchesABrokenKernelOverE4M3(string what)
    {
        GemmCase data = new GemmCase(11, 72, 704).InE4M3();
        byte[] right = [.. Run(Kernel, null, data.InBf16()).SelectMany(output => output)];
        Mutation.RequireCaught(device, () =>
        {
            using CudaModule module = device.LoadMutation($"linear_add_{what}");
            return [.. Run(new LinearAddKernel(module.GetKernel<LinearAddKernel.Arguments>, WeightPrecision.Fp8), 1, data).SelectMany(output => output)];
        }, right);
    }

    public static TheoryData<string, int, int, int> WarpgroupSizes =>
        WarpgroupPaths.Sizes((0, 64, 64), (1, 8, 64), (9, 72, 832), (63, 64, 448), (65, 136, 384), (129, 264, 320), (300, 64, 128));

    [Theory]
    [MemberData(nameof(WarpgroupSizes))]
    public void WarpgroupsAddAndPrepareTheNormToo(string path, int m, int n, int k)
    {
        var data = new GemmCase(m, n, k);
        using SplitWorkspace splits = WarpgroupPaths.Splits(device, n, k);
        var kernel = new LinearAddKernel(device.Kernels, table: WarpgroupPaths.Table(device, path), splits: splits);
        byte[][] outputs = Schedules.Run(() => Run(kernel, null, data));
        data.RequireRight(outputs[0], isBf16: false, (row, column) =>
        {
            (double value, double error) = data.Dot(row, data.Weight, column);
            return (value + Residual(data, row, column), error);
        });
        PreparedNorm.RequireRight(MemoryMarshal.Cast<byte, float>(outputs[0])[..(m * n)], data.Bias, outputs[1], outputs[2]);
        WarpgroupPaths.RequireBitsOfMma(path, Run(Kernel, null, data), outputs);
        Assert.Equal(Run(Kernel, null, data, withNorm: false)[1..], Run(kernel, null, data, withNorm: false)[1..]);
    }

    [Fact]
    public void WithoutANormOnlyTheSumIsWritten()
    {
        var data = new GemmCase(19, 72, 128);
        byte[][] with = Run(Kernel, null, data);
        foreach (int tile in Tiles())
        {
            byte[][] without = Run(Kernel, tile, data, withNorm: false);
            Assert.Equal(with[0], without[0]);
            Assert.All(without[1].Concat(without[2]), octet => Assert.Equal(0xFF, octet));
        }
    }

    [Fact]
    public void ARowComesOutTheSameAloneAndAmongOthers()
    {
        var many = new GemmCase(300, 64, 320);
        byte[][] together = Run(Kernel, null, many);
        foreach (int row in (int[])[0, 15, 16, 63, 64, 200, 299])
        {
            byte[][] alone = Run(Kernel, null, many.OneRow(row), firstRow: row);
            foreach ((int output, int bytes) in ((int, int)[])[(0, many.N * 4), (1, many.N * 2), (2, many.N / 2)])
                Assert.Equal(together[output][(row * bytes)..((row + 1) * bytes)], alone[output][..bytes]);
        }
    }

    [Fact]
    public void APassWithoutRowsWritesNothing()
    {
        var data = new GemmCase(0, 64, 64);
        Assert.All(Tiles().SelectMany(tile => Run(Kernel, tile, data)).SelectMany(output => output), octet => Assert.Equal(0xFF, octet));
    }

    [Theory]
    [InlineData(1, 12, 64)]
    [InlineData(1, 8, 96)]
    [InlineData(0, 8, 64)]
    public void RefusesSizesItIsNotMadeFor(int rowCapacity, int n, int k) => Assert.ThrowsAny<ArgumentException>(() => Kernel.Launch(
        device.Stream, default, default, default, default, default, rowCapacity, n, k));

    [Theory]
    [InlineData("no_wait", 0)]
    [InlineData("no_row_bound", 1)]
    [InlineData("no_column_bound", 1)]
    [InlineData("stores", 2)]
    [InlineData("dropped_lane", 0)]
    [InlineData("dropped_lane", 3)]
    [InlineData("dropped_group", 3)]
    [InlineData("norm_of_the_product", 1)]
    public void CatchesABrokenKernel(string what, int tile)
    {
        var data = new GemmCase(11, 72, tile == 0 ? 1984 : 704);
        byte[] right = [.. Run(Kernel, tile, data).SelectMany(output => output)];
        Mutation.RequireCaught(device, () =>
        {
            using CudaModule module = device.LoadMutation($"linear_add_{what}");
            return [.. Run(new LinearAddKernel(module.GetKernel<LinearAddKernel.Arguments>), tile, data).SelectMany(output => output)];
        }, right);
    }

    private static IEnumerable<int> Tiles() => Enumerable.Range(0, LinearKernel.Tiles.Length);

    // What is added to: exact in float32. The norm's weight is the case's bias.
    private static float Residual(GemmCase data, int row, int column) => Rounding.FromBf16(data.Bias[column]) / 4 - row;

    // Residual, operand and squares. Null: the tile that suits the size. firstRow: which row of a larger case the first one is.
    private byte[][] Run(LinearAddKernel kernel, int? tile, GemmCase data, bool withNorm = true, int firstRow = 0)
    {
        int capacity = data.M + Spare;
        using CudaDeviceVariable<int> block = device.Upload<int>(new RowPass { Rows = data.M }.ToWords());
        using CudaDeviceVariable<ushort> input = device.Poisoned<ushort>(capacity * data.K);
        input.CopyFrom(data.Input);
        using CudaDeviceVariable<ushort> weight = device.Upload<ushort>(data.StoredWeight);
        using CudaDeviceVariable<float> residual = device.Poisoned<float>(capacity * data.N);
        using var norm = new PreparedNorm(device, data.Bias, capacity);
        residual.CopyFrom([.. Enumerable.Range(0, data.M * data.N).Select(i => Residual(data, firstRow + i / data.N, i % data.N))]);
        NextNorm next = withNorm ? norm.Next : norm.Next with { Weight = default };
        (DevicePointer x, DevicePointer w, DevicePointer y) = (input.Pointer, weight.Pointer, residual.Pointer);
        if (tile is int chosen)
            kernel.Launch(chosen, device.Stream, block.Pointer, x, w, y, next, capacity, data.N, data.K);
        else
            kernel.Launch(device.Stream, block.Pointer, x, w, y, next, capacity, data.N, data.K);
        device.Stream.Synchronize();
        return [MemoryMarshal.AsBytes<float>(device.Download(residual)).ToArray(), .. norm.Download()];
    }
}
