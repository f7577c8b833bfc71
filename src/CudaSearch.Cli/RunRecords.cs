using System.Text.Json;
using CudaSearch.Evaluation.Reports;

namespace CudaSearch.Cli;

/// <summary>Finds records in the output of a run.</summary>
internal static class RunRecords
{
    /// <summary>The search of one problem.</summary>
    /// <param name="path">An output of <c>eval</c>, or of <c>solve --json</c>.</param>
    /// <param name="problem">Its row or unique id; null where there is only one.</param>
    /// <exception cref="CudaSearchException">It is not there, or holds no tree.</exception>
    public static TreeRun Find(string path, string? problem)
    {
        List<(JsonElement Record, string Where)> records = Read(path);
        if (problem is null)
        {
            return records.Count == 1
                ? TreeRun.Read(records[0].Record, records[0].Where)
                : throw new UsageException($"{path} holds {records.Count} problems; say which with --problem ROW");
        }
        foreach ((JsonElement record, string where) in records)
            if (Names(record, "row", problem) || Names(record, "unique_id", problem)) return TreeRun.Read(record, where);
        throw CudaSearchException.BadInput($"{path} holds no problem {problem}{Range(records)}");
    }

    private static bool Names(JsonElement record, string column, string value) => record.TryGetProperty(column, out JsonElement found) && found.ToString() == value;

    private static string Range(List<(JsonElement Record, string Where)> records)
    {
        List<int> rows = [.. records.Where(each => each.Record.TryGetProperty("row", out _)).Select(each => each.Record.GetProperty("row").GetInt32())];
        return rows.Count == 0 ? "" : $"; it has {rows.Count} rows between {rows.Min()} and {rows.Max()}";
    }

    private static List<(JsonElement Record, string Where)> Read(string path)
    {
        string text;
        try
        {
            text = File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw CudaSearchException.BadInput($"cannot read {path}: {(Directory.Exists(path) ? "this is a directory" : e.Message)}", e);
        }
        // solve --json writes one document over many lines.
        if (Parse(text) is { } only) return [(only, path)];
        var records = new List<(JsonElement, string)>();
        string[] lines = text.Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            if (lines[i].Length == 0) continue;
            // An interrupted run ends within a record.
            if (Parse(lines[i]) is { } record) records.Add((record, $"{path}, line {i + 1}"));
            else if (i < lines.Length - 1) throw CudaSearchException.BadInput($"{path}, line {i + 1}: not a record of eval");
        }
        return records.Count > 0 ? records : throw CudaSearchException.BadInput($"{path} holds no record");
    }

    private static JsonElement? Parse(string text)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            return document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
