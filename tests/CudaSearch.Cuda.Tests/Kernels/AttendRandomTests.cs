using System.Runtime.InteropServices;
using CsCheck;
using CudaSearch.Cache;
using CudaSearch.Cuda.Tests.Support;

namespace CudaSearch.Cuda.Tests.Kernels;

/// <summary>Trees of sequences nobody thought of.</summary>
public sealed class AttendRandomTests(DeviceFixture device)
{
    // A branch: which sequence it goes on from (or none), how many tokens it adds, how many of its last rows ask.
    private static readonly Gen<(int Parent, int Tokens, int Rows)> s_branch = Gen.Select(Gen.Int[-1, 5], Gen.Int[1, 300], Gen.Int[0, 20]);

    private static readonly Gen<(int Group, (int Parent, int Tokens, int Rows)[] Branches, int Seed)> s_tree =
        Gen.Select(Gen.Int[1, 8], s_branch.Array[1, 7], Gen.Int[0, 1000]);

    private readonly AttendRunner _runner = new(device);

    [Fact]
    public void EveryWayThroughATreeGivesTheSameRightBits() =>
        s_tree.Sample(tree => Check(tree.Group, tree.Branches, tree.Seed), iter: 8, threads: 1);

    private void Check(int group, (int Parent, int Tokens, int Rows)[] branches, int seed)
    {
        var scene = new AttendScene(heads: group, kvHeads: 1, headDim: 64, pages: 160, seed: seed);
        List<PageTable> tables = [];
        foreach ((int parent, int tokens, int _) in branches)
        {
            PageTable? prefix = parent >= 0 && parent < tables.Count ? tables[parent] : null;
            tables.Add(scene.Sequence((prefix?.Length ?? 0) + tokens, prefix));
        }
        for (int i = 0; i < tables.Count; i++) scene.Ask(tables[i], 1 + Math.Min(branches[i].Rows, tables[i].Length - 1));
        scene.Fill();

        byte[] shared = _runner.Ranges(scene, scene.Spans);
        Assert.Equal(shared, _runner.Ranges(scene, scene.Spans, share: false));
        // Wherever runs are cut: by what states cost, by how many items are wanted.
        foreach ((int stateKeys, int minItems) in new[] { (8, 0), (100, 0), (0, 10), (8, 40), (0, int.MaxValue) })
            Assert.Equal(shared, _runner.Ranges(scene, scene.Spans, stateKeys: stateKeys, minItems: minItems));
        Assert.Equal(shared, _runner.Prefill(scene, scene.Spans));
        AttendReference.RequireRight(scene, scene.Spans, MemoryMarshal.Cast<byte, ushort>(shared));
    }
}
