using CudaSearch.Cuda;

namespace CudaSearch.Backends.Cuda.Ladder;

/// <summary>
/// Every way to compute a linear layer that this device can run, from the kernel that is shipped to those that are to be measured against it
/// (tools/kernel-bench).
/// </summary>
internal sealed class LinearLadder
{
    private static readonly Version s_hopper = new(9, 0);

    /// <summary>Takes the kernels.</summary>
    /// <param name="library">The kernels of the device.</param>
    /// <param name="context">The device.</param>
    public LinearLadder(KernelLibrary library, CudaContext context)
    {
        var mma = new LinearKernel(library);
        List<LinearRung> rungs = [new("mma", "mma.sync, fed by cp.async", int.MaxValue, SumOrder.OneChain, (_, product) => PrepareMma(mma, product))];
        if (context.ComputeCapability == s_hopper)
        {
            rungs.AddRange(LargeLinear.Rungs(name => library.Get<LargeLinear.Arguments>("linear_large", name), context.MultiprocessorCount));
            rungs.AddRange(new SkinnyLinear(
                name => library.Get<SkinnyLinear.SwappedArguments>("linear_skinny", name),
                name => library.Get<SkinnyLinear.PackedArguments>("linear_skinny", name),
                library.Get<SkinnyLinear.PackArguments>("pack_weight", "pack_weight_bf16")).Rungs);
        }
        Rungs = rungs;
    }

    /// <summary>The rungs; the first is the one that is shipped.</summary>
    public IReadOnlyList<LinearRung> Rungs { get; }

    private static LinearRun PrepareMma(LinearKernel kernel, LinearProduct product)
    {
        GemmTile.RequireSizes(product.RowCapacity, product.N, product.K);
        return new LinearRun(stream => kernel.Launch(
            stream, product.Pass, product.Input, product.Weight, product.Bias, product.Output, product.RowSet, product.RowCapacity, product.N, product.K,
            LinearOutput.BFloat16));
    }
}
