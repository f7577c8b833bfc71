using System.Runtime.InteropServices;
using CudaSearch.Backends;
using CudaSearch.Backends.Cuda;
using CudaSearch.Cache;
using CudaSearch.Cuda.Tests.Support;

namespace CudaSearch.Cuda.Tests.Kernels;

/// <summary>Attention over pages in e4m3: the bits of the same numbers in bf16.</summary>
public sealed class AttendE4M3Tests(DeviceFixture device)
{
    private readonly AttendRunner _runner = new(device);

    [Theory]
    [InlineData(4, 2, 64)]
    [InlineData(3, 1, 64)]
    [InlineData(8, 1, 128)]
    [InlineData(2, 2, 128)]
    public void GivesTheBitsOfTheSameNumbersInBf16(int heads, int kvHeads, int headDim)
    {
        AttendScene scene = Scene(heads, kvHeads, headDim);
        scene.FillInE4M3();
        byte[] expected = _runner.Ranges(scene, scene.Spans);
        scene.Kv = KvPrecision.Fp8;
        Assert.Equal(expected, Schedules.Run(() => _runner.Ranges(scene, scene.Spans)));
        Assert.Equal(expected, Schedules.Run(() => _runner.Prefill(scene, scene.Spans)));
    }

    [Theory]
    [InlineData(4, 1, 64)]
    [InlineData(2, 1, 128)]
    public void IsRightAndSharingChangesNoBit(int heads, int kvHeads, int headDim)
    {
        AttendScene scene = Scene(heads, kvHeads, headDim);
        scene.FillInE4M3();
        scene.Kv = KvPrecision.Fp8;
        byte[] shared = _runner.Ranges(scene, scene.Spans);
        AttendReference.RequireRight(scene, scene.Spans, MemoryMarshal.Cast<byte, ushort>(shared));
        Assert.Equal(shared, _runner.Ranges(scene, scene.Spans, share: false));
        Assert.Equal(shared, _runner.Ranges(scene, scene.Spans, stateKeys: 8, minItems: 40));
        Assert.Equal(shared, _runner.Prefill(scene, scene.Spans));
    }

    [Theory]
    [InlineData("scales_of_values")]
    [InlineData("hidden_scales")]
    [InlineData("no_tile_barrier")]
    public void CatchesABrokenKernel(string what)
    {
        AttendScene scene = Scene(4, 1, 64);
        scene.FillInE4M3();
        scene.Kv = KvPrecision.Fp8;
        byte[] right = _runner.Prefill(scene, scene.Spans);
        Mutation.RequireCaught(device, () =>
        {
            using CudaModule module = device.LoadMutation($"{AttendPrefillKernel.Operation}_{what}");
            var kernel = module.GetKernel<AttendPrefillKernel.Arguments>(AttendPrefillKernel.FunctionFor(scene.HeadDim, KvPrecision.Fp8));
            return _runner.Prefill(scene, scene.Spans, kernel: new AttendPrefillKernel(kernel, scene.HeadDim, KvPrecision.Fp8));
        }, right);
        Mutation.RequireCaught(device, () =>
        {
            using CudaModule module = device.LoadMutation($"{AttendRangesKernel.Operation}_{what}");
            var kernel = module.GetKernel<AttendRangesKernel.Arguments>(AttendRangesKernel.FunctionFor(scene.HeadDim, KvPrecision.Fp8));
            var pass = new AttendPass { Rows = scene.Rows };
            pass.Plan.Build([.. scene.Spans], share: true);
            return _runner.Ranges(scene, pass, new AttendRangesKernel(kernel, scene.HeadDim, KvPrecision.Fp8), blocks: 2).Output;
        }, right);
    }

    // A tree, contexts over two segments, spans of one row and of many, ends inside pages and ranges.
    private static AttendScene Scene(int heads, int kvHeads, int headDim)
    {
        var scene = new AttendScene(heads, kvHeads, headDim, pages: 128);
        PageTable prompt = scene.Sequence(75);
        scene.Ask(scene.Sequence(150, prompt), rows: 37);
        scene.Ask(scene.Sequence(200, prompt), rows: 3);
        scene.Ask(scene.Sequence(601), rows: 2);
        scene.Ask(scene.Sequence(20), rows: 20);
        foreach (int length in (int[])[1, 15, 16, 17, 64, 130]) scene.Ask(scene.Sequence(length), rows: 1);
        return scene;
    }
}
