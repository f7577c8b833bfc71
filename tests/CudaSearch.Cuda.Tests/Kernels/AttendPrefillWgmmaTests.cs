using System.Runtime.InteropServices;
using CudaSearch.Backends;
using CudaSearch.Backends.Cuda;
using CudaSearch.Cache;
using CudaSearch.Cuda.Tests.Support;

namespace CudaSearch.Cuda.Tests.Kernels;

/// <summary>Attention of many rows on warpgroups: right, and a row's bits are its own. On the host device they are those of mma.sync, too.</summary>
public sealed class AttendPrefillWgmmaTests(DeviceFixture device)
{
    private readonly AttendRunner _runner = new(device);

    // Whole prompts and continuations, ends inside pages and ranges, tiles with one warpgroup's queries and with both's.
    [Theory]
    [InlineData(1, 1, 64)]
    [InlineData(4, 2, 64)]
    [InlineData(8, 1, 64)]
    [InlineData(3, 1, 64)]
    [InlineData(2, 1, 128)]
    [InlineData(4, 2, 128)]
    [InlineData(8, 1, 128)]
    public void AttendsToEverySpan(int heads, int kvHeads, int headDim)
    {
        AttendPrefillKernel kernel = Kernel(headDim);
        var scene = new AttendScene(heads, kvHeads, headDim, pages: 160);
        foreach ((int length, int rows) in new[] { (1, 1), (15, 15), (16, 16), (17, 17), (63, 20), (64, 64), (65, 65), (130, 30), (600, 100), (1100, 3) })
            scene.Ask(scene.Sequence(length), rows);
        scene.Fill();
        byte[] output = Schedules.Run(() => _runner.Prefill(scene, scene.Spans, kernel: kernel));
        AttendReference.RequireRight(scene, scene.Spans, MemoryMarshal.Cast<byte, ushort>(output));
        RequireBitsOfMma(scene, output);
    }

    // The same rows in tiles of any size, and asked for in several spans: what else is in a tile or a warpgroup does not show.
    [Theory]
    [InlineData(2, 1, 64)]
    [InlineData(3, 1, 128)]
    [InlineData(1, 1, 128)]
    public void ARowHasTheSameBitsInEveryTile(int heads, int kvHeads, int headDim)
    {
        AttendPrefillKernel kernel = Kernel(headDim);
        var scene = new AttendScene(heads, kvHeads, headDim, pages: 160);
        PageTable prompt = scene.Sequence(70);
        scene.Ask(scene.Sequence(140, prompt), rows: 70);
        scene.Ask(scene.Sequence(75, prompt), rows: 5);
        scene.Ask(scene.Sequence(20), rows: 20);
        scene.Ask(scene.Sequence(1060), rows: 90);
        IReadOnlyList<QuerySpan> spans = scene.Spans;
        scene.Fill();
        byte[] tiles = _runner.Prefill(scene, spans, kernel: kernel);
        foreach (int tileRows in (int[])[1, 7, 33]) Assert.Equal(tiles, _runner.Prefill(scene, spans, tileRows, kernel: kernel));
        Assert.Equal(tiles, _runner.Prefill(scene, spans.SelectMany(Halves).Reverse(), kernel: kernel));
        AttendReference.RequireRight(scene, spans, MemoryMarshal.Cast<byte, ushort>(tiles));
        RequireBitsOfMma(scene, tiles);

        static IEnumerable<QuerySpan> Halves(QuerySpan span)
        {
            int half = (span.RowCount + 1) / 2;
            yield return new QuerySpan(span.FirstRow, half, span.FirstPosition, span.Table);
            yield return new QuerySpan(span.FirstRow + half, span.RowCount - half, span.FirstPosition + half, span.Table);
        }
    }

    [Theory]
    [InlineData(64)]
    [InlineData(128)]
    public void MergesStrictlyInOrderOfPosition(int headDim)
    {
        AttendPrefillKernel kernel = Kernel(headDim);
        AttendScene scene = AttendScene.WhereOrderShows(headDim);
        Assert.Equal(AttendPrefillTests.InOrder(scene), MemoryMarshal.Cast<byte, ushort>(_runner.Prefill(scene, scene.Spans, kernel: kernel)).ToArray());
    }

    [Fact]
    public void WithoutTilesNothingIsWritten()
    {
        var scene = new AttendScene(2, 1, 64);
        scene.Ask(scene.Sequence(3), rows: 3);
        scene.Fill();
        Assert.All(_runner.Prefill(scene, [], spareTiles: 2, kernel: Kernel(64)), octet => Assert.Equal(0xFF, octet));
    }

    // The last is for heads of 128 alone: those of 64 have one tile of values.
    [Theory]
    [InlineData("no_full_wait")]
    [InlineData("no_first_wait")]
    [InlineData("no_query_fence")]
    [InlineData("early_release")]
    [InlineData("no_values_wait")]
    [InlineData("no_scores_wait")]
    [InlineData("weights_overwritten")]
    [InlineData("no_total")]
    [InlineData("no_causal_bound")]
    [InlineData("no_draining")]
    [InlineData("no_query_bound")]
    [InlineData("no_empty_wait")]
    [InlineData("no_clearing")]
    [InlineData("no_clearing_fence")]
    [InlineData("fewer_bytes")]
    [InlineData("one_tile_of_values", 128)]
    public void CatchesABrokenKernel(string what, int headDim = 64)
    {
        TestDevice.RequireHost();
        var scene = new AttendScene(heads: 4, kvHeads: 1, headDim, pages: 96);
        PageTable prompt = scene.Sequence(64);
        scene.Ask(scene.Sequence(150, prompt), rows: 37);
        scene.Ask(scene.Sequence(200, prompt), rows: 3);
        scene.Ask(scene.Sequence(600), rows: 2);
        scene.Fill();
        byte[] right = _runner.Prefill(scene, scene.Spans, kernel: Kernel(headDim));
        Mutation.RequireCaught(device, () =>
        {
            using CudaModule module = device.LoadMutation($"{AttendPrefillKernel.WgmmaOperation}_{what}");
            var kernel = module.GetKernel<AttendPrefillKernel.WgmmaArguments>(AttendPrefillKernel.WgmmaFunctionFor(headDim));
            return _runner.Prefill(scene, scene.Spans, kernel: new AttendPrefillKernel(kernel, headDim));
        }, right);
    }

    // Pages in e4m3 stay with mma.sync, whatever the table says; and so does everything else as shipped.
    [Fact]
    public void IsChosenByTheTableForPagesInBf16()
    {
        ProductTable table = WarpgroupPaths.Table(device, nameof(ProductPath.Pair));
        Assert.True(new AttendPrefillKernel(device.Kernels, 64, KvPrecision.Native, table).IsOnWarpgroups);
        Assert.False(new AttendPrefillKernel(device.Kernels, 64, KvPrecision.Fp8, table).IsOnWarpgroups);
        Assert.False(new AttendPrefillKernel(device.Kernels, 64).IsOnWarpgroups);
        Assert.False(new AttendPrefillKernel(device.Kernels, 64, KvPrecision.Native, ProductTable.Always(ProductPath.Persistent)).IsOnWarpgroups);
    }

    private AttendPrefillKernel Kernel(int headDim) => new(device.Kernels, headDim, table: WarpgroupPaths.Table(device, nameof(ProductPath.Pair)));

    private void RequireBitsOfMma(AttendScene scene, byte[] output) =>
        WarpgroupPaths.RequireBitsOfMma(nameof(ProductPath.Pair), [_runner.Prefill(scene, scene.Spans)], [output]);
}
