using CudaSearch.Backends.Cuda;

namespace CudaSearch.Cuda.Tests.Support;

/// <summary>The paths of <see cref="ProductTable"/> besides the one that every device has.</summary>
internal static class WarpgroupPaths
{
    /// <summary>Their names, for a theory.</summary>
    public static TheoryData<string> Names => [.. Enum.GetNames<ProductPath>().Where(name => name != nameof(ProductPath.Mma))];

    /// <summary>A table that takes this path for everything; skips the test on a device without warpgroups.</summary>
    public static ProductTable Table(DeviceFixture device, string name)
    {
        Assert.SkipWhen(device.Context.ComputeCapability != new Version(9, 0), "exists on compute capability 9.0 alone");
        return ProductTable.Always(Enum.Parse<ProductPath>(name));
    }

    /// <summary>Room for the splits of a product with a weight of this size.</summary>
    public static SplitWorkspace Splits(DeviceFixture device, int n, int k)
    {
        var splits = new SplitWorkspace();
        splits.Reserve(n, k, device.Stream);
        return splits;
    }

    /// <summary>Fails unless a path gave the outputs of mma.sync, bit for bit, where that is promised: on the host device, in one chain of sums.</summary>
    public static void RequireBitsOfMma(string path, byte[][] mma, byte[][] outputs)
    {
        if (!TestDevice.IsGpu && path != nameof(ProductPath.Split)) Assert.Equal(mma, outputs);
    }

    /// <summary>The path and each of some sizes.</summary>
    public static TheoryData<string, int, int, int> Sizes(params (int M, int N, int K)[] sizes)
    {
        var all = new TheoryData<string, int, int, int>();
        foreach (string name in Names.Select(row => row.Data))
        {
            foreach ((int m, int n, int k) in sizes) all.Add(name, m, n, k);
        }
        return all;
    }
}
