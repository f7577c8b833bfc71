using System.Runtime.InteropServices;
using CudaSearch.Cache;
using CudaSearch.Cuda.Tests.Support;

namespace CudaSearch.Cuda.Tests.Kernels;

public sealed class AttendRangesTests(DeviceFixture device)
{
    private static readonly int[] s_lengths = [1, 15, 16, 17, 63, 64, 65, 130, 512, 513, 600];

    private readonly AttendRunner _runner = new(device);

    [Theory]
    [InlineData(2, 2, 64)]
    [InlineData(4, 2, 64)]
    [InlineData(4, 1, 64)]
    [InlineData(16, 2, 64)]
    [InlineData(3, 1, 64)]
    [InlineData(1, 1, 128)]
    [InlineData(4, 2, 128)]
    [InlineData(8, 1, 128)]
    public void DecodesContextsOfEveryLength(int heads, int kvHeads, int headDim)
    {
        var scene = new AttendScene(heads, kvHeads, headDim, pages: 160);
        foreach (int length in s_lengths) scene.Ask(scene.Sequence(length), rows: 1);
        scene.Fill();
        byte[] output = Schedules.Run(() => _runner.Ranges(scene, scene.Spans));
        AttendReference.RequireRight(scene, scene.Spans, MemoryMarshal.Cast<byte, ushort>(output));
    }

    // One row a sequence and many, ends inside pages and ranges, rows that do not see all keys of their item.
    [Theory]
    [InlineData(2, 1, 64)]
    [InlineData(6, 2, 64)]
    [InlineData(4, 1, 128)]
    public void AttendsToSpansOfManyRows(int heads, int kvHeads, int headDim)
    {
        var scene = new AttendScene(heads, kvHeads, headDim);
        foreach ((int length, int rows) in new[] { (20, 20), (65, 3), (100, 50), (128, 1), (129, 17), (66, 66) })
            scene.Ask(scene.Sequence(length), rows);
        scene.Fill();
        byte[] output = Schedules.Run(() => _runner.Ranges(scene, scene.Spans));
        AttendReference.RequireRight(scene, scene.Spans, MemoryMarshal.Cast<byte, ushort>(output));
    }

    [Theory]
    [InlineData(4, 2, 64)]
    [InlineData(2, 1, 128)]
    public void SharingPagesChangesNoBit(int heads, int kvHeads, int headDim)
    {
        AttendScene scene = Tree(heads, kvHeads, headDim);
        byte[] shared = Schedules.Run(() => _runner.Ranges(scene, scene.Spans, share: true));
        AttendReference.RequireRight(scene, scene.Spans, MemoryMarshal.Cast<byte, ushort>(shared));
        Assert.Equal(_runner.Ranges(scene, scene.Spans, share: false), shared);
        foreach (QuerySpan span in scene.Spans.Take(3))
        {
            byte[] alone = _runner.Ranges(scene, [span]);
            Assert.Equal(RowsOf(scene, span, shared), RowsOf(scene, span, alone));
        }
    }

    // More members than lanes, more rows than a unit.
    [Fact]
    public void AnItemMayHaveAnyNumberOfMembersAndRows()
    {
        var scene = new AttendScene(heads: 1, kvHeads: 1, headDim: 64, pages: 160);
        PageTable prompt = scene.Sequence(64);
        scene.Ask(scene.Sequence(200, prompt), rows: 150);
        for (int i = 0; i < 70; i++) scene.Ask(scene.Sequence(65 + i % 3, prompt), rows: 1 + i % 3);
        scene.Fill();
        byte[] output = Schedules.Run(() => _runner.Ranges(scene, scene.Spans));
        AttendReference.RequireRight(scene, scene.Spans, MemoryMarshal.Cast<byte, ushort>(output));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(64)]
    public void TheGridDoesNotMatter(int blocks)
    {
        AttendScene scene = Tree(heads: 2, kvHeads: 2, headDim: 64);
        Assert.Equal(_runner.Ranges(scene, scene.Spans, blocks: 7), _runner.Ranges(scene, scene.Spans, blocks: blocks));
    }

    [Fact]
    public void ServesOneLayerAfterAnotherWithTheSameWorkspace()
    {
        AttendScene scene = Tree(heads: 2, kvHeads: 1, headDim: 64);
        Assert.Equal(_runner.Ranges(scene, scene.Spans), _runner.Ranges(scene, scene.Spans, launches: 3));
    }

    [Fact]
    public void LeavesRowsOutsideThePlanAlone()
    {
        AttendScene scene = Tree(heads: 2, kvHeads: 1, headDim: 64);
        QuerySpan[] planned = [scene.Spans[1], scene.Spans[4]];
        byte[] output = _runner.Ranges(scene, planned);
        AttendReference.RequireRight(scene, planned, MemoryMarshal.Cast<byte, ushort>(output));
        foreach (QuerySpan span in scene.Spans.Except(planned)) Assert.All(RowsOf(scene, span, output), octet => Assert.Equal(0xFF, octet));
        Assert.All(_runner.Ranges(scene, []), octet => Assert.Equal(0xFF, octet));
    }

    /// <summary>The bytes of a span's rows in an output.</summary>
    internal static byte[] RowsOf(AttendScene scene, QuerySpan span, byte[] output)
    {
        int row = scene.Heads * scene.HeadDim * sizeof(ushort);
        return output.AsSpan(span.FirstRow * row, span.RowCount * row).ToArray();
    }

    // A prompt, branches that share it in whole ranges and in part, branches of branches, and a stranger.
    private static AttendScene Tree(int heads, int kvHeads, int headDim)
    {
        var scene = new AttendScene(heads, kvHeads, headDim);
        PageTable prompt = scene.Sequence(96);
        PageTable trunk = scene.Sequence(650, prompt);
        scene.Ask(trunk, rows: 1);
        for (int i = 0; i < 3; i++) scene.Ask(scene.Sequence(651 + 60 * i, trunk), rows: 1 + i);
        scene.Ask(scene.Sequence(97, prompt), rows: 1);
        scene.Ask(scene.Sequence(128, prompt), rows: 32);
        scene.Ask(scene.Sequence(70), rows: 2);
        scene.Fill();
        return scene;
    }
}
