using System.Text.Json;
using CudaSearch.Tokenization;

namespace CudaSearch.Tests.Tokenization;

/// <summary>The published tokenizers, fetched by tests/fetch-tokenizers; each is loaded once.</summary>
internal static class RealTokenizers
{
    private static readonly Lazy<string?> s_folder = new(Find);
    private static readonly Dictionary<string, Lazy<Tokenizer>> s_loaded =
        new[] { "llama3_1", "llama3_2", "qwen2_5" }.ToDictionary(name => name, name => new Lazy<Tokenizer>(() => Tokenizer.Load(PathOf(name))));

    public static Tokenizer Llama31 => s_loaded["llama3_1"].Value;

    public static Tokenizer Llama32 => s_loaded["llama3_2"].Value;

    public static Tokenizer Qwen25 => s_loaded["qwen2_5"].Value;

    public static Tokenizer ByName(string name) => s_loaded[name].Value;

    /// <summary>The golden rows of a file of the shared data: text and ids.</summary>
    public static IEnumerable<(string Text, int[] Ids)> Golden(params string[] file)
    {
        foreach (string line in File.ReadLines(SharedData.PathOf(file)))
        {
            using JsonDocument row = JsonDocument.Parse(line);
            yield return (row.RootElement.GetProperty("text").GetString()!, Ids(row.RootElement));
        }
    }

    public static int[] Ids(JsonElement row) => [.. row.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())];

    public static string PathOf(string name)
    {
        string? path = s_folder.Value is { } folder ? Path.Combine(folder, $"tokenizer-{name}", "models", "tokenizer.json") : null;
        Assert.SkipUnless(File.Exists(path), $"the tokenizer {name} is absent: run tests/fetch-tokenizers");
        return path!;
    }

    private static string? Find()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string packages = Path.Combine(folder.FullName, ".data", "node_modules", "@lenml");
            if (Directory.Exists(packages)) return packages;
        }
        return null;
    }
}
