namespace CudaSearch.Cli;

/// <summary>Writes pages and timelines, each in one piece.</summary>
internal static class PageFile
{
    /// <summary>Writes a page; an existing file is replaced.</summary>
    /// <exception cref="CudaSearchException">The file cannot be written.</exception>
    public static void Write(string path, string page)
    {
        try
        {
            File.WriteAllText(path, page);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw CudaSearchException.BadInput($"cannot write {path}: {e.Message}", e);
        }
    }
}
