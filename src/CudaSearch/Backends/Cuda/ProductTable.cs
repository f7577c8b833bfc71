using CudaSearch.Cuda;

namespace CudaSearch.Backends.Cuda;

/// <summary>How an operation of a layer runs.</summary>
internal enum ProductPath
{
    /// <summary>mma.sync, on every device: kernels/linear_add.cu and its like.</summary>
    Mma,

    /// <summary>wgmma, two consumers and a tile a block: kernels/common/wgmma_large.cuh, step 3; kernels/hopper/attend_prefill_wgmma.cu.</summary>
    Pair,

    /// <summary>The same with one block a multiprocessor: step 4.</summary>
    Persistent,

    /// <summary>wgmma with the operands swapped, for at most <see cref="WgmmaTile.MostSwappedRows"/> rows: kernels/common/wgmma_skinny.cuh, step 1.</summary>
    Swapped,

    /// <summary>The same with k split where columns make few blocks: step 2. It adds in another order than the others, whatever they round alike.</summary>
    Split,
}

/// <summary>The operations of a layer that have several paths: its products, and attention.</summary>
internal enum ProductOperation
{
    /// <summary>Queries, keys and values.</summary>
    Project,

    /// <summary>The output and down projections, added to the residual stream.</summary>
    Add,

    /// <summary>Gate and up.</summary>
    Gated,

    /// <summary>
    /// Attention of many rows of a sequence, over pages in bf16. There is <see cref="ProductPath.Pair"/> besides mma.sync, whatever the number of rows. Short
    /// spans attend with mma.sync in any case (kernels/attend_ranges.cu), so what <see cref="ProductTable.Shipped"/> says of mixing paths holds here, too.
    /// </summary>
    Prefill,
}

/// <summary>
/// Which kernel computes which product of a layer, and its attention: the one place where that is decided. Paths round each in their own way, as far as is known, and the choice
/// depends on the size class of a pass; so <see cref="Shipped"/> may mix paths for one operation only where tools/kernel-bench found them to give the same bits,
/// or a row would come out differently in another batch.
/// </summary>
/// <param name="rows">The first that fits counts: operation, most rows of a pass, path. What none fits runs with <see cref="ProductPath.Mma"/>.</param>
internal sealed class ProductTable(params (ProductOperation Operation, int MostRows, ProductPath Path)[] rows)
{
    /// <summary>What passes run with: mma.sync for everything until the others have been measured.</summary>
    public static ProductTable Shipped { get; } = new();

    /// <summary>One path for everything that it is made for, on devices that have it.</summary>
    public static ProductTable Always(ProductPath path)
    {
        int mostRows = path is ProductPath.Swapped or ProductPath.Split ? WgmmaTile.MostSwappedRows : int.MaxValue;
        return new([.. Enum.GetValues<ProductOperation>()
            .Where(operation => operation != ProductOperation.Prefill || path == ProductPath.Pair).Select(operation => (operation, mostRows, path))]);
    }

    /// <summary>
    /// Whether an operation ever takes another path than <see cref="ProductPath.Mma"/> on this device. Never with weights in e4m3: TMA would bring the
    /// other kernels their codes and scales as if they were bf16.
    /// </summary>
    public bool UsesWarpgroups(ProductOperation operation, WeightPrecision weights = WeightPrecision.Stored) =>
        weights == WeightPrecision.Stored && CudaContext.Current.ComputeCapability == new Version(9, 0) && rows.Any(row => row.Operation == operation && row.Path != ProductPath.Mma);

    /// <summary>Whether any product is ever split on this device.</summary>
    public bool Splits => Enum.GetValues<ProductOperation>().Any(operation => UsesWarpgroups(operation)) && rows.Any(row => row.Path == ProductPath.Split);

    /// <summary>The path of an operation that <see cref="UsesWarpgroups"/>.</summary>
    public ProductPath Choose(ProductOperation operation, int rowCapacity)
    {
        foreach (var row in rows)
        {
            if (row.Operation == operation && rowCapacity <= row.MostRows) return row.Path;
        }
        return ProductPath.Mma;
    }
}
