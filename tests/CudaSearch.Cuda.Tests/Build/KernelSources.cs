using System.Runtime.CompilerServices;

namespace CudaSearch.Cuda.Tests.Build;

/// <summary>The checkout the tests were built from. Tests of sources and images need it; where only the programs are, they skip.</summary>
internal static class KernelSources
{
    /// <summary>Folder of the kernels; skips the test where it is not.</summary>
    public static string Folder()
    {
        string folder = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(ThisFile())!, "..", "..", "..", "kernels"));
        Assert.SkipUnless(Directory.Exists(folder), $"the sources are not at {folder}");
        return folder;
    }

    /// <summary>Names of all kernel files, without folder and extension.</summary>
    public static IEnumerable<string> Operations() =>
        Directory.EnumerateFiles(Folder(), "*.cu").Select(path => Path.GetFileNameWithoutExtension(path)).Order(StringComparer.Ordinal);

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
