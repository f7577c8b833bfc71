using System.Runtime.InteropServices;
using CudaSearch.Backends.Cuda;
using CudaSearch.Cache;
using CudaSearch.Cuda.Tests.Support;

namespace CudaSearch.Cuda.Tests.Kernels;

public sealed class AttendPrefillTests(DeviceFixture device)
{
    private readonly AttendRunner _runner = new(device);

    // Whole prompts and continuations, ends inside pages and ranges.
    [Theory]
    [InlineData(1, 1, 64)]
    [InlineData(4, 2, 64)]
    [InlineData(4, 1, 64)]
    [InlineData(8, 1, 64)]
    [InlineData(3, 1, 64)]
    [InlineData(2, 1, 128)]
    [InlineData(4, 1, 128)]
    [InlineData(8, 1, 128)]
    public void AttendsToEverySpan(int heads, int kvHeads, int headDim)
    {
        var scene = new AttendScene(heads, kvHeads, headDim);
        foreach ((int length, int rows) in new[] { (1, 1), (15, 15), (16, 16), (17, 17), (63, 20), (65, 65), (130, 30), (600, 100) })
            scene.Ask(scene.Sequence(length), rows);
        scene.Fill();
        byte[] output = Schedules.Run(() => _runner.Prefill(scene, scene.Spans));
        AttendReference.RequireRight(scene, scene.Spans, MemoryMarshal.Cast<byte, ushort>(output));
    }

    // The same rows through tiles of any size, through items together with others, and through items one row at a time.
    [Theory]
    [InlineData(2, 1, 64)]
    [InlineData(3, 1, 64)]
    [InlineData(8, 1, 128)]
    public void ARowHasTheSameBitsWhicheverWayItGoes(int heads, int kvHeads, int headDim)
    {
        var scene = new AttendScene(heads, kvHeads, headDim);
        PageTable prompt = scene.Sequence(70);
        scene.Ask(scene.Sequence(140, prompt), rows: 70);
        scene.Ask(scene.Sequence(75, prompt), rows: 5);
        scene.Ask(scene.Sequence(20), rows: 20);
        scene.Ask(scene.Sequence(540), rows: 40);
        IReadOnlyList<QuerySpan> spans = scene.Spans;
        scene.Fill();
        byte[] tiles = _runner.Prefill(scene, spans);
        Assert.Equal(tiles, _runner.Prefill(scene, spans, tileRows: 7));
        Assert.Equal(tiles, _runner.Ranges(scene, spans));
        Assert.Equal(tiles, _runner.Ranges(scene, spans.SelectMany(Single), share: false));
        AttendReference.RequireRight(scene, spans, MemoryMarshal.Cast<byte, ushort>(tiles));

        static IEnumerable<QuerySpan> Single(QuerySpan span) => Enumerable.Range(0, span.RowCount)
            .Select(i => new QuerySpan(span.FirstRow + i, 1, span.FirstPosition + i, span.Table));
    }

    [Theory]
    [InlineData(64)]
    [InlineData(128)]
    public void MergesStrictlyInOrderOfPosition(int headDim)
    {
        AttendScene scene = AttendScene.WhereOrderShows(headDim);
        ushort[] expected = InOrder(scene);
        // Runs as long as can be, some ranges by themselves, all of them.
        foreach (int minItems in (int[])[0, 3, int.MaxValue])
            Assert.Equal(expected, MemoryMarshal.Cast<byte, ushort>(_runner.Ranges(scene, scene.Spans, minItems: minItems)).ToArray());
        Assert.Equal(expected, MemoryMarshal.Cast<byte, ushort>(_runner.Prefill(scene, scene.Spans)).ToArray());
    }

    /// <summary>The output of <see cref="AttendScene.WhereOrderShows"/>.</summary>
    internal static ushort[] InOrder(AttendScene scene)
    {
        PageTable table = scene.Spans[0].Table;
        var expected = new ushort[scene.HeadDim];
        for (int d = 0; d < scene.HeadDim; d++)
        {
            float sum = 0;
            for (int segmentKey = 0; segmentKey < table.Length; segmentKey += AttentionPlan.SegmentLength)
            {
                float segment = 0;
                for (int key = segmentKey; key < Math.Min(segmentKey + AttentionPlan.SegmentLength, table.Length); key += AttentionPlan.RangeLength)
                    segment += Rounding.FromBf16(scene.Cache[scene.ValueAt(table, key, 0) + d]);
                sum += segment;
            }
            expected[d] = Rounding.ToBf16(sum * (1f / table.Length));
        }
        return expected;
    }

    [Fact]
    public void TilesAreAsLargeAsTheBlock()
    {
        Assert.Equal([128, 64, 42, 32, 16], new[] { 1, 2, 3, 4, 8 }.Select(group => AttendPrefillKernel.TileRows(2 * group, 2)));
    }

    [Fact]
    public void WithoutTilesNothingIsWritten()
    {
        var scene = new AttendScene(2, 1, 64);
        scene.Ask(scene.Sequence(3), rows: 3);
        scene.Fill();
        Assert.All(_runner.Prefill(scene, [], spareTiles: 2), octet => Assert.Equal(0xFF, octet));
    }

    [Fact]
    public void RefusesHeadsItHasNoKernelFor()
    {
        var e = Assert.Throws<CudaSearchException>(() => new AttendPrefillKernel(device.Kernels, headDim: 96));
        Assert.Contains("96", e.Message, StringComparison.Ordinal);
    }
}
