using System.Runtime.InteropServices;
using CudaSearch.Backends.Cuda;
using CudaSearch.Cache;
using CudaSearch.Cuda.Tests.Support;

namespace CudaSearch.Cuda.Tests.Kernels;

/// <summary>Attention kernels with a barrier, a wait or a bound left out: the host device or the results must show it.</summary>
public sealed class AttendMutationTests(DeviceFixture device)
{
    private readonly AttendRunner _runner = new(device);

    [Theory]
    [InlineData("no_wait")]
    [InlineData("no_list_barrier")]
    [InlineData("no_finished_barrier")]
    [InlineData("no_reset")]
    [InlineData("no_causal_bound")]
    [InlineData("no_key_bound")]
    [InlineData("queries_overwritten")]
    [InlineData("queries_read_early")]
    public void CatchesBrokenRanges(string what) => RequireCaught(what, Scene());

    [Fact]
    public void CatchesMergingBackwards() => RequireCaught("merges_backwards", AttendScene.WhereOrderShows(headDim: 64));

    [Theory]
    [InlineData("no_wait")]
    [InlineData("no_barrier")]
    [InlineData("one_stage")]
    [InlineData("no_causal_bound")]
    [InlineData("no_key_bound")]
    [InlineData("no_query_bound")]
    public void CatchesABrokenPrefill(string what)
    {
        AttendScene scene = Scene();
        byte[] right = _runner.Prefill(scene, scene.Spans);
        Mutation.RequireCaught(device, () =>
        {
            using CudaModule module = device.LoadMutation($"{AttendPrefillKernel.Operation}_{what}");
            var kernel = module.GetKernel<AttendPrefillKernel.Arguments>(AttendPrefillKernel.FunctionFor(scene.HeadDim));
            return _runner.Prefill(scene, scene.Spans, kernel: new AttendPrefillKernel(kernel, scene.HeadDim));
        }, right);
    }

    private void RequireCaught(string what, AttendScene scene)
    {
        byte[] right = Run(_runner.RangesFor(scene));
        Mutation.RequireCaught(device, () =>
        {
            using CudaModule module = device.LoadMutation($"{AttendRangesKernel.Operation}_{what}");
            var kernel = module.GetKernel<AttendRangesKernel.Arguments>(AttendRangesKernel.FunctionFor(scene.HeadDim));
            return Run(new AttendRangesKernel(kernel, scene.HeadDim));
        }, right);

        byte[] Run(AttendRangesKernel kernel)
        {
            (byte[] output, int[] arrivals) = _runner.Ranges(scene, scene.Spans, kernel, share: true, blocks: 2);
            return [.. output, .. MemoryMarshal.AsBytes<int>(arrivals)];
        }
    }

    // Several ranges a row, several tiles of queries a warp, rows at different positions, ends inside a page.
    private static AttendScene Scene()
    {
        var scene = new AttendScene(heads: 4, kvHeads: 1, headDim: 64, pages: 64);
        PageTable prompt = scene.Sequence(64);
        scene.Ask(scene.Sequence(150, prompt), rows: 37);
        scene.Ask(scene.Sequence(200, prompt), rows: 3);
        scene.Fill();
        return scene;
    }
}
