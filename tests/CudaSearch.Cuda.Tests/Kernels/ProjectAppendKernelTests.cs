using System.Runtime.InteropServices;
using CudaSearch.Backends;
using CudaSearch.Backends.Cuda;
using CudaSearch.Cuda.Tests.Support;

namespace CudaSearch.Cuda.Tests.Kernels;

public sealed class ProjectAppendKernelTests(DeviceFixture device)
{
    // Rows that a launch may have beyond those of the pass: they must stay as they are.
    private const int Spare = 20;

    private ProjectAppendKernel Kernel => new(device.Kernels);

    // Rows at the edges of tiles, groups of all kinds, both head sizes, and slices enough for a ring to wrap around.
    [Theory]
    [InlineData(1, 1, 1, 64, 64, false)]
    [InlineData(15, 6, 2, 64, 128, true)]
    [InlineData(17, 4, 4, 128, 192, false)]
    [InlineData(66, 3, 1, 64, 640, true)]
    [InlineData(130, 2, 1, 128, 64, false)]
    [InlineData(2, 1, 1, 64, 1984, true)]
    public void EveryTileRotatesAndWritesToTheSlotsInTheSameBits(int rows, int heads, int kvHeads, int headSize, int k, bool withBias)
    {
        var data = new ProjectAppendCase(rows, heads, kvHeads, headSize, k, withBias);
        byte[][] outputs = Schedules.Run(() => [.. Tiles().SelectMany(tile => Run(Kernel, tile, data))]);
        data.RequireRight(outputs[0], outputs[1]);
        for (int i = 2; i < outputs.Length; i++) Assert.Equal(outputs[i % 2], outputs[i]);
    }

    [Theory]
    [InlineData(1, 1, 1, 64, 64, false)]
    [InlineData(17, 6, 2, 64, 192, true)]
    [InlineData(66, 2, 1, 128, 1984, false)]
    public void WeightsInE4M3GiveTheBitsOfTheirNumbers(int rows, int heads, int kvHeads, int headSize, int k, bool withBias)
    {
        var data = new ProjectAppendCase(rows, heads, kvHeads, headSize, k, withBias);
        GemmCase product = data.Product.InE4M3();
        byte[][] expected = Run(Kernel, null, data.With(product.InBf16()));
        var kernel = new ProjectAppendKernel(device.Kernels, WeightPrecision.Fp8);
        byte[][] outputs = Schedules.Run(() => [.. Tiles().SelectMany(tile => Run(kernel, tile, data.With(product)))]);
        for (int i = 0; i < outputs.Length; i++) Assert.Equal(expected[i % 2], outputs[i]);
    }

    [Fact]
    public void ARowGoesToTheSlotOfItsNumberWhereItWaits()
    {
        var data = new ProjectAppendCase(35, 2, 2, 64, 64, withBias: true);
        byte[][] slots = Run(Kernel, null, data), rows = Run(Kernel, null, data, rowsAreSlots: true);
        Assert.Equal(slots[0], rows[0]);
        int headBytes = data.HeadSize * sizeof(ushort);
        for (int row = 0; row < data.Rows; row++)
        {
            for (int head = 0; head < 2 * data.KvHeads; head++)
            {
                int from = data.SlotOf(row, head / 2, head % 2 == 1) * sizeof(ushort);
                int waits = ((row / 16 * 2 * data.KvHeads + head) * 16 + row % 16) * headBytes;
                Assert.Equal(slots[1][from..(from + headBytes)], rows[1][waits..(waits + headBytes)]);
            }
        }
    }

    public static TheoryData<string, int, int, int> WarpgroupSizes =>
        WarpgroupPaths.Sizes((1, 3, 64), (15, 6, 832), (64, 2, 448), (66, 3, 384), (130, 4, 320), (300, 1, 64));

    [Theory]
    [MemberData(nameof(WarpgroupSizes))]
    public void WarpgroupsRotateAndWriteToTheSlotsToo(string path, int rows, int heads, int k)
    {
        var data = new ProjectAppendCase(rows, heads, kvHeads: 1, headSize: 64, k, withBias: rows % 2 == 0);
        using SplitWorkspace splits = WarpgroupPaths.Splits(device, data.Product.N, k);
        var kernel = new ProjectAppendKernel(device.Kernels, table: WarpgroupPaths.Table(device, path), splits: splits);
        byte[][] outputs = Schedules.Run(() => Run(kernel, null, data));
        data.RequireRight(outputs[0], outputs[1]);
        WarpgroupPaths.RequireBitsOfMma(path, Run(Kernel, null, data), outputs);
    }

    [Fact]
    public void ARowComesOutTheSameAloneAndAmongOthers()
    {
        var many = new ProjectAppendCase(190, 2, 1, 64, 320, withBias: true);
        byte[][] together = Run(Kernel, null, many);
        int rowBytes = many.QueryColumns * sizeof(ushort), headBytes = many.HeadSize * sizeof(ushort);
        foreach (int row in (int[])[0, 15, 16, 63, 64, 189])
        {
            byte[][] alone = Run(Kernel, null, many.OneRow(row));
            Assert.Equal(together[0][(row * rowBytes)..((row + 1) * rowBytes)], alone[0][..rowBytes]);
            foreach (bool isValue in (bool[])[false, true])
            {
                int slot = many.SlotOf(row, 0, isValue) * sizeof(ushort);
                Assert.Equal(together[1][slot..(slot + headBytes)], alone[1][slot..(slot + headBytes)]);
            }
        }
    }

    [Theory]
    [InlineData(1, 48, 64)]
    [InlineData(1, 4, 64)]
    [InlineData(1, 64, 96)]
    [InlineData(0, 64, 64)]
    public void RefusesSizesItIsNotMadeFor(int rowCapacity, int headSize, int k) => Assert.ThrowsAny<ArgumentException>(() => Kernel.Launch(
        device.Stream, default, default, default, default, default, default, default, heads: 4, kvHeads: 2, headSize, rowCapacity, k));

    [Theory]
    [InlineData("no_wait", 0)]
    [InlineData("no_barrier", 1)]
    [InlineData("no_row_bound", 1)]
    [InlineData("first_slot_of_the_page", 0)]
    [InlineData("first_page", 2)]
    [InlineData("values_with_the_keys", 0)]
    [InlineData("values_rotate", 3)]
    [InlineData("turns_backwards", 0)]
    [InlineData("dropped_squares", 1)]
    public void CatchesABrokenKernel(string what, int tile)
    {
        var data = new ProjectAppendCase(19, 3, 1, 64, tile == 0 ? 1984 : 704, withBias: false);
        byte[] right = [.. Run(Kernel, tile, data).SelectMany(output => output)];
        Mutation.RequireCaught(device, () =>
        {
            using CudaModule module = device.LoadMutation($"project_append_{what}");
            return [.. Run(new ProjectAppendKernel(module.GetKernel<ProjectAppendKernel.Arguments>), tile, data).SelectMany(output => output)];
        }, right);
    }

    private static IEnumerable<int> Tiles() => Enumerable.Range(0, LinearKernel.Tiles.Length);

    // Queries and pages. Null: the tile that suits the size.
    private byte[][] Run(ProjectAppendKernel kernel, int? tile, ProjectAppendCase data, bool rowsAreSlots = false)
    {
        GemmCase product = data.Product;
        int capacity = data.Rows + Spare;
        var pass = new AttendPass { Rows = data.Rows, Positions = data.RowPositions, Slots = data.Slots };
        using CudaDeviceVariable<int> block = device.Upload<int>(pass.ToWords());
        using CudaDeviceVariable<ushort> input = device.Poisoned<ushort>(capacity * product.K), weight = device.Upload<ushort>(product.StoredWeight);
        input.CopyFrom(product.Input);
        using CudaDeviceVariable<ushort> bias = device.Upload<ushort>(product.Bias);
        using CudaDeviceVariable<float> squares = device.Upload<float>(product.Squares), angles = device.Upload<float>(data.Angles);
        using CudaDeviceVariable<ushort> queries = device.Poisoned<ushort>(capacity * data.QueryColumns);
        using CudaDeviceVariable<ushort> cache = device.Poisoned<ushort>(data.CacheElements);
        var rows = new NormedRows(input.Pointer, squares.Pointer, product.NormColumns, GemmCase.Epsilon);
        DevicePointer b = data.WithBias ? bias.Pointer : default;
        (DevicePointer w, DevicePointer a, DevicePointer q, DevicePointer c) = (weight.Pointer, angles.Pointer, queries.Pointer, cache.Pointer);
        if (tile is int chosen)
            kernel.Launch(
                chosen, device.Stream, block.Pointer, rows, w, b, a, q, c, data.Heads, data.KvHeads, data.HeadSize, capacity, product.K, rowsAreSlots);
        else
            kernel.Launch(
                device.Stream, block.Pointer, rows, w, b, a, q, c, data.Heads, data.KvHeads, data.HeadSize, capacity, product.K, rowsAreSlots);
        device.Stream.Synchronize();
        return [MemoryMarshal.AsBytes<ushort>(device.Download(queries)).ToArray(), MemoryMarshal.AsBytes<ushort>(device.Download(cache)).ToArray()];
    }
}
