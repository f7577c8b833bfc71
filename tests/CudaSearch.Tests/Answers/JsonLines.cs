using System.Text.Json;

namespace CudaSearch.Tests.Answers;

/// <summary>Reads golden files of one JSON object a line.</summary>
internal static class JsonLines
{
    public static List<JsonElement> Read(string path) =>
        [.. File.ReadLines(path).Where(line => line.Length > 0).Select(line => JsonElement.Parse(line))];

    /// <summary>A file beside the test's source, found from the checkout's root.</summary>
    public static string BesideTests(string name)
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "CudaSearch.sln"))) folder = folder.Parent;
        Assert.NotNull(folder);
        return Path.Combine(folder.FullName, "tests", "CudaSearch.Tests", "Answers", name);
    }

    public static string Text(this JsonElement row, string key) => row.GetProperty(key).GetString()!;

    /// <summary>Fails with the first few rows where the two differ.</summary>
    public static void AssertSame(IEnumerable<(string Input, string Expected, string Actual)> rows)
    {
        List<string> wrong = [.. rows.Where(row => row.Expected != row.Actual).Select(row => $"{row.Input}\n  expected {row.Expected}\n  actual   {row.Actual}")];
        Assert.True(wrong.Count == 0, $"{wrong.Count} rows differ, first:\n{string.Join('\n', wrong.Take(10))}");
    }
}
