namespace CudaSearch.Cuda.Tests.Build;

/// <summary>The checkout the tests run in. Tests of sources and images need it; where only the programs are, they skip.</summary>
internal static class KernelSources
{
    /// <summary>Folder of the kernels; skips the test where it is not.</summary>
    public static string Folder()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "CudaSearch.sln"))) return Path.Combine(folder.FullName, "kernels");
        Assert.Skip($"no checkout around {AppContext.BaseDirectory}");
        return "";
    }

    /// <summary>Names of all kernel files, without folder and extension.</summary>
    public static IEnumerable<string> Operations() =>
        Directory.EnumerateFiles(Folder(), "*.cu").Select(path => Path.GetFileNameWithoutExtension(path)).Order(StringComparer.Ordinal);
}
