using CudaSearch.Backends.Cuda.Ladder;
using CudaSearch.Cuda.Tests.Support;

namespace CudaSearch.Cuda.Tests.Kernels;

/// <summary>The ladder's kernels with one line broken: the host device or the results must tell.</summary>
public sealed class LadderMutationTests(DeviceFixture device)
{
    [Theory]
    [InlineData("no_full_wait", "specialised")]
    [InlineData("no_full_wait", "pair")]
    [InlineData("no_first_wait", "specialised")]
    [InlineData("early_release", "specialised")]
    [InlineData("early_release", "persistent")]
    [InlineData("no_empty_wait", "specialised")]
    [InlineData("no_empty_wait", "pair")]
    [InlineData("no_finish", "specialised")]
    [InlineData("no_finish", "warpgroup")]
    [InlineData("no_fence", "warpgroup")]
    [InlineData("no_fence", "persistent")]
    [InlineData("one_arrival", "pair")]
    [InlineData("one_warp_releases", "specialised")]
    [InlineData("no_init_barrier", "specialised")]
    [InlineData("parity_stays", "pair")]
    [InlineData("next_tile_of_left", "specialised")]
    [InlineData("same_step", "pair")]
    [InlineData("fewer_bytes", "specialised")]
    [InlineData("input_before_wait", "pair")]
    [InlineData("no_row_bound", "pair")]
    [InlineData("no_column_bound", "specialised")]
    [InlineData("no_step_barrier", "warpgroup")]
    [InlineData("no_slice_wait", "warpgroup")]
    [InlineData("low_band", "persistent")]
    [InlineData("one_tile_a_block", "persistent")]
    public void ABrokenLargeKernelIsCaught(string what, string rung)
    {
        // Three row tiles and two of columns, the last of each half empty, for two persistent blocks; and more slices than two rings hold.
        var data = new GemmCase(300, 264, 832);
        RequireCaught(Large(name => device.Kernels.Get<LargeLinear.Arguments>("linear_large", name)), rung, data, LadderRunner.Spare, $"linear_large_{what}",
            module => Large(module.GetKernel<LargeLinear.Arguments>));
    }

    [Theory]
    [InlineData("no_ring_barrier", "swapped")]
    [InlineData("no_tile_barrier", "swapped")]
    [InlineData("no_last_barrier", "split")]
    [InlineData("no_arrival_reset", "split")]
    [InlineData("dropped_split", "split")]
    [InlineData("own_order", "packed")]
    [InlineData("overlapping_splits", "split")]
    [InlineData("overlapping_splits", "packed")]
    [InlineData("turned_twice", "swapped")]
    [InlineData("no_row_bound", "swapped")]
    [InlineData("no_column_bound", "packed")]
    [InlineData("exit_before_wait", "swapped", 300)]
    public void ABrokenSkinnyKernelIsCaught(string what, string rung, int spare = LadderRunner.Spare)
    {
        // 19 slices: with a ring of nine stages the last is in the first of them, where the outputs are turned round.
        var data = new GemmCase(9, 72, 1216);
        RequireCaught(Skinny(), rung, data, spare, $"linear_skinny_{what}", module => new SkinnyLinear(
            module.GetKernel<SkinnyLinear.SwappedArguments>, module.GetKernel<SkinnyLinear.PackedArguments>, Pack).Rungs);
    }

    [Theory]
    [InlineData("no_swizzle")]
    [InlineData("no_row_bound")]
    public void ABrokenPackingIsCaught(string what)
    {
        var data = new GemmCase(9, 72, 1088);
        RequireCaught(Skinny(), "packed", data, LadderRunner.Spare, $"pack_weight_{what}", module => Skinny(
            module.GetKernel<SkinnyLinear.PackArguments>("pack_weight_bf16")));
    }

    private CudaKernel<SkinnyLinear.PackArguments> Pack => device.Kernels.Get<SkinnyLinear.PackArguments>("pack_weight", "pack_weight_bf16");

    private static IEnumerable<LinearRung> Large(Func<string, CudaKernel<LargeLinear.Arguments>> get) => LargeLinear.Rungs(get, multiprocessors: 2);

    private IEnumerable<LinearRung> Skinny(CudaKernel<SkinnyLinear.PackArguments>? pack = null) => new SkinnyLinear(
        name => device.Kernels.Get<SkinnyLinear.SwappedArguments>("linear_skinny", name),
        name => device.Kernels.Get<SkinnyLinear.PackedArguments>("linear_skinny", name), pack ?? Pack).Rungs;

    private void RequireCaught(
        IEnumerable<LinearRung> rungs, string rung, GemmCase data, int spare, string mutation, Func<CudaModule, IEnumerable<LinearRung>> broken)
    {
        TestDevice.RequireHost();
        byte[] right = Run(rungs);
        Mutation.RequireCaught(device, () =>
        {
            using CudaModule module = device.LoadMutation(mutation);
            return Run(broken(module));
        }, right);

        // Twice, for what a launch leaves behind.
        byte[] Run(IEnumerable<LinearRung> of) => LadderRunner.Run(device, of.Single(one => one.Name == rung), data, spare: spare, launches: 2);
    }
}
