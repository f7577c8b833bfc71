using CudaSearch.Backends.Cuda.Ladder;
using CudaSearch.Cuda.Tests.Support;

namespace CudaSearch.Cuda.Tests.Kernels;

/// <summary>Every rung computes a linear layer, whatever the sizes; only how fast differs.</summary>
public sealed class LinearLadderTests(DeviceFixture device)
{
    private LinearLadder Ladder => new(device.Kernels, device.Context);

    // Rows at the edges of all tiles; columns at the edges of tiles of 64, 128 and 256, and of the eight columns that a quad of lanes stores;
    // slices that end before a ring is full, fill it, and go round more than once; and splits that are not equally long.
    public static TheoryData<int, int, int> Sizes => new()
    {
        { 1, 8, 64 }, { 1, 72, 960 }, { 7, 64, 128 }, { 8, 136, 1088 }, { 9, 56, 832 }, { 16, 200, 704 }, { 17, 8, 576 }, { 33, 72, 640 },
        { 63, 64, 448 }, { 64, 120, 384 }, { 65, 72, 256 }, { 127, 128, 448 }, { 128, 264, 192 }, { 129, 56, 320 }, { 200, 72, 256 },
        { 256, 256, 128 }, { 257, 136, 64 }, { 300, 264, 128 },
    };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void EveryRungIsRight(int m, int n, int k)
    {
        var data = new GemmCase(m, n, k);
        LinearRung[] rungs = [.. Ladder.Rungs.Where(rung => m <= rung.MostRows)];
        byte[][] outputs = Schedules.Run(() => Array.ConvertAll(rungs, rung => Run(rung.Name, data)));
        for (int i = 0; i < rungs.Length; i++)
        {
            try
            {
                data.RequireRight(outputs[i], isBf16: true, (row, column) => data.Dot(row, data.Weight, column));
            }
            catch (Exception fault)
            {
                Assert.Fail($"{rungs[i].Name}: {fault.Message}");
            }
            // A GPU may round each instruction in its own way; there kernel-bench tells.
            if (!TestDevice.IsGpu && rungs[i].Order == SumOrder.OneChain) Assert.Equal(outputs[0], outputs[i]);
        }
    }

    public static TheoryData<string> Names =>
        ["mma", "warpgroup", "specialised", "pair", "persistent", "swapped", "split", "packed"];

    [Theory]
    [MemberData(nameof(Names))]
    public void TheBiasIsAddedBeforeRounding(string rung)
    {
        var data = new GemmCase(19, 72, 320);
        byte[] output = Schedules.Run(() => Run(rung, data, withBias: true));
        data.RequireRight(output, isBf16: true, (row, column) =>
        {
            (double value, double error) = data.Dot(row, data.Weight, column);
            value += Rounding.FromBf16(data.Bias[column]);
            return (value, error + Math.Abs(value) * Math.ScaleB(1, -23));
        });
    }

    // Alone a row goes through the narrowest tile, among others through a wide one. On a GPU that different widths round alike is not promised.
    [Theory]
    [MemberData(nameof(Names))]
    public void ARowComesOutTheSameAloneAndAmongOthers(string rung)
    {
        TestDevice.RequireHost();
        var many = new GemmCase(200, 24, 1024);
        byte[] together = Run(rung, many);
        int rowBytes = many.N * sizeof(ushort);
        foreach (int row in (int[])[0, 7, 63, 64, 199])
        {
            byte[] alone = Run(rung, many.OneRow(row), spare: 0);
            Assert.Equal(together[(row * rowBytes)..((row + 1) * rowBytes)], alone[..rowBytes]);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void TheRowSetSaysHowManyRowsThereAre(string rung)
    {
        var data = new GemmCase(5, 16, 512);
        Assert.Equal(Run(rung, data), Run(rung, data, rowSet: 1));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void APassWithoutRowsWritesNothing(string rung) =>
        Assert.All(Run(rung, new GemmCase(0, 16, 64)), octet => Assert.Equal(0xFF, octet));

    [Theory]
    [MemberData(nameof(Names))]
    public void ALaunchLeavesEverythingAsTheNextMustFindIt(string rung)
    {
        var data = new GemmCase(9, 24, 1024);
        Assert.Equal(Run(rung, data), Run(rung, data, launches: 3));
    }

    // Many tiles for few blocks: a band is eight row tiles high, and the last is not.
    [Fact]
    public void EveryTileOfTheBandsIsComputed()
    {
        var data = new GemmCase(1200, 520, 64);
        byte[] output = Run("persistent", data);
        Assert.Equal(Run("mma", data), output);
    }

    [Theory]
    [InlineData(2048, 2048, 8)]
    [InlineData(4096, 14336, 5)]
    [InlineData(28672, 4096, 1)]
    [InlineData(8, 64, 1)]
    [InlineData(64, 1088, 4)]
    public void SplitsFollowFromTheSizeOfTheWeight(int n, int k, int splits) => Assert.Equal(splits, SkinnyLinear.Splits(n, k));

    [Theory]
    [InlineData(1, 12, 64)]
    [InlineData(1, 8, 96)]
    [InlineData(0, 8, 64)]
    public void RefusesSizesThatTheKernelsAreNotMadeFor(int rows, int n, int k) => Assert.All(
        Ladder.Rungs, rung => Assert.ThrowsAny<ArgumentException>(() => rung.Prepare(device.Stream, new(default, 0, default, default, default, default, rows, n, k))));

    [Fact]
    public void TheShippedKernelIsTheFirstRung() => Assert.Equal(Names.Select(row => row.Data), Ladder.Rungs.Select(rung => rung.Name));

    private byte[] Run(string name, GemmCase data, bool withBias = false, int rowSet = 0, int spare = LadderRunner.Spare, int launches = 1) =>
        LadderRunner.Run(device, Ladder.Rungs.Single(rung => rung.Name == name), data, withBias, rowSet, spare, launches);
}
