using System.Text.Json;

namespace CudaSearch.Cli.Commands;

/// <summary>A problem and the solutions to score.</summary>
/// <param name="Problem">The problem's text.</param>
/// <param name="Solutions">At least one.</param>
internal sealed record SolutionRow(string Problem, IReadOnlyList<string> Solutions)
{
    private static readonly string[] s_single = ["solution", "completion"];

    /// <summary>Reads JSON lines, such as eval writes: <c>problem</c>, and <c>completions</c> (a list) or <c>solution</c> or <c>completion</c> (a text).</summary>
    /// <exception cref="CudaSearchException">A line is no such row; the message names it.</exception>
    public static IReadOnlyList<SolutionRow> ReadAll(string text, string source)
    {
        var rows = new List<SolutionRow>();
        int number = 0;
        foreach (string line in text.TrimStart('\uFEFF').Split('\n'))
        {
            number++;
            if (!string.IsNullOrWhiteSpace(line)) rows.Add(Read(line, $"{source}, line {number}"));
        }
        return rows.Count > 0 ? rows : throw CudaSearchException.BadInput($"{source} has no rows; expected JSON lines with \"problem\" and \"completions\" or \"solution\"");
    }

    private static SolutionRow Read(string line, string where)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement row = document.RootElement;
            if (row.ValueKind != JsonValueKind.Object) throw CudaSearchException.BadInput($"{where}: expected a JSON object");
            return new SolutionRow(Text(row, "problem", where), ReadSolutions(row, where));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw CudaSearchException.BadInput($"{where}: not valid JSON: {e.Message}", e);
        }
    }

    private static List<string> ReadSolutions(JsonElement row, string where)
    {
        if (row.TryGetProperty("completions", out JsonElement list))
        {
            if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() == 0 || list.EnumerateArray().Any(item => item.ValueKind != JsonValueKind.String))
                throw CudaSearchException.BadInput($"{where}: \"completions\" has to be a list of texts, at least one");
            return [.. list.EnumerateArray().Select(item => item.GetString()!)];
        }
        string? key = Array.Find(s_single, name => row.TryGetProperty(name, out _));
        return key is not null ? [Text(row, key, where)] : throw CudaSearchException.BadInput($"{where}: the row has no \"completions\" and no \"solution\"");
    }

    private static string Text(JsonElement row, string key, string where)
    {
        if (!row.TryGetProperty(key, out JsonElement value)) throw CudaSearchException.BadInput($"{where}: the row has no \"{key}\"");
        return value.ValueKind == JsonValueKind.String ? value.GetString()! : throw CudaSearchException.BadInput($"{where}: \"{key}\" has to be a text");
    }
}
