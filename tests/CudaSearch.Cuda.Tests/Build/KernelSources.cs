using CudaSearch.Cuda.Tests.Support;

namespace CudaSearch.Cuda.Tests.Build;

/// <summary>The kernels' sources in the checkout.</summary>
internal static class KernelSources
{
    /// <summary>Folder of the kernels; skips the test where it is not.</summary>
    public static string Folder() => Checkout.Folder("kernels");

    /// <summary>Names of the kernel files that are compiled for a target, without folder and extension: those of Hopper for its own alone.</summary>
    public static IEnumerable<string> Operations(string target) =>
        (target == "sm_90a" ? (string[])["", "hopper"] : [""]).SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Folder(), folder), "*.cu"))
            .Select(path => Path.GetFileNameWithoutExtension(path)).Order(StringComparer.Ordinal);
}
