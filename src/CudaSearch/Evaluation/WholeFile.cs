namespace CudaSearch.Evaluation;

/// <summary>Files that are there whole or not at all.</summary>
internal static class WholeFile
{
    /// <summary>Makes a file of these lines, written beside it first.</summary>
    /// <exception cref="CudaSearchException">It cannot be written.</exception>
    public static void Write(string path, IEnumerable<string> lines)
    {
        string part = path + ".part";
        try
        {
            using (var writer = new StreamWriter(part)) // UTF-8 without a byte order mark
                foreach (string line in lines) writer.Write(line + "\n");
            File.Move(part, path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            if (File.Exists(part)) File.Delete(part);
            throw CudaSearchException.BadInput($"cannot write {path}: {e.Message}", e);
        }
    }
}
