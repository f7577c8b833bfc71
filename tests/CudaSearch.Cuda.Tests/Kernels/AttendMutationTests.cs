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
    [InlineData("no_range_barrier")]
    [InlineData("one_stage")]
    [InlineData("folds_anew")]
    [InlineData("no_finished_barrier")]
    [InlineData("no_reset")]
    [InlineData("no_causal_bound")]
    [InlineData("no_key_bound")]
    [InlineData("forgets_half")]
    [InlineData("queries_overwritten")]
    public void CatchesBrokenRanges(string what) => RequireCaught(what, Scene());

    // Every range by itself: all that a row folds, whoever brings its last state folds.
    [Theory]
    [InlineData("merges_backwards")]
    [InlineData("one_fold")]
    public void CatchesAnotherOrderOfMerging(string what) => RequireCaught(what, AttendScene.WhereOrderShows(headDim: 64), minItems: int.MaxValue);

    [Theory]
    [InlineData("no_wait")]
    [InlineData("no_barrier")]
    [InlineData("one_stage")]
    [InlineData("one_segment")]
    [InlineData("no_causal_bound")]
    [InlineData("no_key_bound")]
    [InlineData("forgets_half")]
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

    private void RequireCaught(string what, AttendScene scene, int minItems = 0)
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
            var pass = new AttendPass { Rows = scene.Rows };
            pass.Plan.Build([.. scene.Spans], share: true, stateKeys: 0, minItems);
            (byte[] output, int[] arrivals) = _runner.Ranges(scene, pass, kernel, blocks: 2);
            return [.. output, .. MemoryMarshal.AsBytes<int>(arrivals)];
        }
    }

    // Runs and single ranges, two segments, several units an item, rows at different positions, ends inside a page, rows with one state only.
    private static AttendScene Scene()
    {
        var scene = new AttendScene(heads: 4, kvHeads: 1, headDim: 64, pages: 96);
        PageTable prompt = scene.Sequence(64);
        scene.Ask(scene.Sequence(150, prompt), rows: 37);
        scene.Ask(scene.Sequence(200, prompt), rows: 3);
        scene.Ask(scene.Sequence(600), rows: 2);
        for (int i = 0; i < 3; i++) scene.Ask(scene.Sequence(40), rows: 1);
        scene.Fill();
        return scene;
    }
}
