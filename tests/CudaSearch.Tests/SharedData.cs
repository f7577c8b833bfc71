namespace CudaSearch.Tests;

/// <summary>Reference data that lies beside the checkout and is never committed. A test that needs it skips, saying so, where it is absent.</summary>
internal static class SharedData
{
    private static readonly string? s_root = Find();

    /// <summary>The full path of a file or folder under the shared data; skips the calling test where it is absent.</summary>
    public static string PathOf(params string[] parts)
    {
        Assert.SkipWhen(s_root is null, "the shared data folder (../shared/data) is absent");
        string path = Path.Combine([s_root!, .. parts]);
        Assert.SkipUnless(Path.Exists(path), $"the shared data has no {string.Join('/', parts)}");
        return path;
    }

    private static string? Find()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string data = Path.Combine(folder.FullName, "shared", "data");
            if (Directory.Exists(data)) return data;
        }
        return null;
    }
}
