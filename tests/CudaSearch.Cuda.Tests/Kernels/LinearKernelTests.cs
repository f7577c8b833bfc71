using CudaSearch.Backends.Cuda;
using CudaSearch.Cuda.Tests.Support;

namespace CudaSearch.Cuda.Tests.Kernels;

public sealed class LinearKernelTests(DeviceFixture device)
{
    // Rows that a launch may have beyond those of the pass: more tiles than the pass needs, and they must stay as they are.
    private const int Spare = 20;

    private LinearKernel Kernel => new(device.Kernels);

    // Rows at the edges of tiles, columns at the edges of tensor-core tiles, and enough slices along k for every ring to wrap around: 2048
    // and 1984 (which ends in half a slice) for the ring of twelve stages.
    public static TheoryData<int, int, int> Sizes => new()
    {
        { 1, 8, 64 }, { 2, 8, 2048 }, { 7, 72, 192 }, { 15, 24, 1984 }, { 16, 408, 64 }, { 17, 72, 512 }, { 63, 64, 128 }, { 64, 8, 640 },
        { 65, 136, 64 }, { 127, 72, 128 }, { 129, 64, 192 }, { 300, 72, 64 },
    };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void EveryTileGivesTheSameRightBits(int m, int n, int k)
    {
        var data = new GemmCase(m, n, k);
        byte[][] outputs = Schedules.Run(() => Tiles(tile => Run(Kernel, tile, data, LinearOutput.BFloat16)));
        data.RequireRight(outputs[0], isBf16: true, (row, column) => data.Dot(row, data.Weight, column));
        Assert.All(outputs, output => Assert.Equal(outputs[0], output));
    }

    [Theory]
    [InlineData(nameof(LinearOutput.BFloat16), false)]
    [InlineData(nameof(LinearOutput.BFloat16), true)]
    [InlineData(nameof(LinearOutput.Float32), false)]
    [InlineData(nameof(LinearOutput.Float32), true)]
    public void EveryKindOfOutputIsRight(string kindName, bool withBias)
    {
        var kind = Enum.Parse<LinearOutput>(kindName);
        var data = new GemmCase(19, 72, 128);
        byte[][] outputs = Schedules.Run(() => Tiles(tile => Run(Kernel, tile, data, kind, withBias)));
        data.RequireRight(outputs[0], kind == LinearOutput.BFloat16, (row, column) => Expected(data, withBias, row, column));
        Assert.All(outputs, output => Assert.Equal(outputs[0], output));
    }

    [Fact]
    public void ARowComesOutTheSameAloneAndAmongOthers()
    {
        var many = new GemmCase(300, 24, 320);
        byte[] together = Run(Kernel, null, many, LinearOutput.Float32);
        int rowBytes = many.N * sizeof(float);
        foreach (int row in (int[])[0, 15, 16, 63, 64, 200, 299])
        {
            byte[] alone = Run(Kernel, null, many.OneRow(row), LinearOutput.Float32);
            Assert.Equal(together[(row * rowBytes)..((row + 1) * rowBytes)], alone[..rowBytes]);
        }
    }

    [Fact]
    public void TheRowSetSaysHowManyRowsThereAre()
    {
        var data = new GemmCase(5, 16, 64);
        byte[] all = Run(Kernel, null, data, LinearOutput.BFloat16);
        byte[] outputs = Run(Kernel, null, data, LinearOutput.BFloat16, rowSet: 1);
        Assert.Equal(all, outputs);
    }

    [Fact]
    public void APassWithoutRowsWritesNothing()
    {
        var data = new GemmCase(0, 16, 64);
        byte[][] outputs = Tiles(tile => Run(Kernel, tile, data, LinearOutput.BFloat16));
        Assert.All(outputs.SelectMany(output => output), octet => Assert.Equal(0xFF, octet));
    }

    [Theory]
    [InlineData(1, 12, 64)]
    [InlineData(1, 0, 64)]
    [InlineData(1, 8, 96)]
    [InlineData(1, 8, 0)]
    [InlineData(0, 8, 64)]
    public void RefusesSizesItIsNotMadeFor(int rowCapacity, int n, int k) => Assert.ThrowsAny<ArgumentException>(() => Kernel.Launch(
        device.Stream, default, default, default, default, default, rowSet: 0, rowCapacity, n, k, LinearOutput.BFloat16));

    [Theory]
    [InlineData("no_wait", 0)]
    [InlineData("no_wait", 3)]
    [InlineData("late_wait", 0)]
    [InlineData("no_first_wait", 1)]
    [InlineData("no_first_barrier", 2)]
    [InlineData("late_wait", 3)]
    [InlineData("no_barrier", 0)]
    [InlineData("no_barrier", 1)]
    [InlineData("no_barrier", 2)]
    [InlineData("no_barrier", 3)]
    [InlineData("no_row_bound", 1)]
    [InlineData("no_column_bound", 1)]
    [InlineData("no_input_bound", 0)]
    [InlineData("no_weight_bound", 2)]
    [InlineData("no_end", 0)]
    public void CatchesABrokenKernel(string what, int tile)
    {
        var data = new GemmCase(11, 24, tile == 0 ? 1984 : 704);
        byte[] right = Run(Kernel, tile, data, LinearOutput.BFloat16);
        Mutation.RequireCaught(device, () =>
        {
            using CudaModule module = device.LoadMutation($"linear_{what}");
            return Run(new LinearKernel(module.GetKernel<LinearKernel.Arguments>), tile, data, LinearOutput.BFloat16);
        }, right);
    }

    private static byte[][] Tiles(Func<int?, byte[]> run) => [.. Enumerable.Range(0, LinearKernel.Tiles.Length).Select(tile => run(tile))];

    private static (double Value, double Error) Expected(GemmCase data, bool withBias, int row, int column)
    {
        (double value, double error) = data.Dot(row, data.Weight, column);
        if (withBias)
        {
            value += Rounding.FromBf16(data.Bias[column]);
            error += Math.Abs(value) * Math.ScaleB(1, -23);
        }
        return (value, error);
    }

    // Null: the tile that suits the size.
    private byte[] Run(LinearKernel kernel, int? tile, GemmCase data, LinearOutput kind, bool withBias = false, int rowSet = 0)
    {
        int capacity = data.M + Spare;
        // The set that is not asked for is larger: it must not be taken for the other.
        int[] pass = new RowPass { Rows = data.M, OutputRows = new int[data.M] }.ToWords();
        pass[1 - rowSet] = capacity;
        using CudaDeviceVariable<int> block = device.Upload<int>(pass);
        using CudaDeviceVariable<ushort> input = device.Upload<ushort>(data.M == 0 ? [0] : data.Input);
        using CudaDeviceVariable<ushort> weight = device.Upload<ushort>(data.Weight);
        using CudaDeviceVariable<ushort> bias = device.Upload<ushort>(data.Bias);
        using CudaDeviceVariable<byte> output = device.Poisoned<byte>(capacity * data.N * (kind == LinearOutput.BFloat16 ? 2 : 4));
        DevicePointer biasOrNull = withBias ? bias.Pointer : default;
        (DevicePointer x, DevicePointer w, DevicePointer y) = (input.Pointer, weight.Pointer, output.Pointer);
        if (tile is int chosen)
            kernel.Launch(chosen, device.Stream, block.Pointer, x, w, biasOrNull, y, rowSet, capacity, data.N, data.K, kind);
        else
            kernel.Launch(device.Stream, block.Pointer, x, w, biasOrNull, y, rowSet, capacity, data.N, data.K, kind);
        device.Stream.Synchronize();
        return device.Download(output);
    }
}
