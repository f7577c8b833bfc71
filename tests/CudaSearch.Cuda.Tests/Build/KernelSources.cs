using CudaSearch.Cuda.Tests.Support;

namespace CudaSearch.Cuda.Tests.Build;

/// <summary>The kernels' sources in the checkout.</summary>
internal static class KernelSources
{
    /// <summary>Folder of the kernels; skips the test where it is not.</summary>
    public static string Folder() => Checkout.Folder("kernels");

    /// <summary>Names of all kernel files, without folder and extension.</summary>
    public static IEnumerable<string> Operations() =>
        Directory.EnumerateFiles(Folder(), "*.cu").Select(path => Path.GetFileNameWithoutExtension(path)).Order(StringComparer.Ordinal);
}
