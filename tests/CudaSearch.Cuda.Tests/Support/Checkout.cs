namespace CudaSearch.Cuda.Tests.Support;

/// <summary>The checkout the tests run in. Tests of sources and images need it; where only the programs are, they skip.</summary>
internal static class Checkout
{
    /// <summary>A folder of the checkout; skips the test where there is none.</summary>
    public static string Folder(params string[] parts)
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "CudaSearch.sln"))) return Path.Combine([folder.FullName, .. parts]);
        Assert.Skip($"no checkout around {AppContext.BaseDirectory}");
        return "";
    }
}
