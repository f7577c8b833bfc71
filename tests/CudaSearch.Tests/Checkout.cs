namespace CudaSearch.Tests;

/// <summary>The checkout that the tests were built in.</summary>
internal static class Checkout
{
    /// <summary>Its top folder; skips the calling test where there is none.</summary>
    public static string Root
    {
        get
        {
            for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
                if (File.Exists(Path.Combine(folder.FullName, "CudaSearch.sln"))) return folder.FullName;
            Assert.Skip("the tests run outside of a checkout");
            return "";
        }
    }
}
