using System.Text.Json;
using System.Text.Unicode;

namespace CudaSearch.Evaluation;

/// <summary>
/// A dataset of problems in JSON Lines: one object a line with a text <c>problem</c> and, as far as known, <c>answer</c>, <c>level</c>,
/// <c>subject</c> and <c>unique_id</c>. Blank lines and a byte order mark are skipped; all other columns are kept.
/// </summary>
public sealed class ProblemDataset
{
    private ProblemDataset(string path, int totalRows, IReadOnlyList<DatasetRow> rows) => (Path, TotalRows, Rows) = (path, totalRows, rows);

    /// <summary>The file, as it was named.</summary>
    public string Path { get; }

    /// <summary>Rows in the file, whatever the range.</summary>
    public int TotalRows { get; }

    /// <summary>The rows of the range, in file order; at least one.</summary>
    public IReadOnlyList<DatasetRow> Rows { get; }

    /// <summary>Reads a file whole and checks every line of it, also those outside the range.</summary>
    /// <exception cref="CudaSearchException">The file cannot be read or is empty, a line is not a row (the message names file, line and
    /// what is wrong), or the range holds no row.</exception>
    public static ProblemDataset Load(string path, RowRange? range = null)
    {
        List<DatasetRow> rows = Parse(ReadFile(path), path);
        if (rows.Count == 0)
            throw CudaSearchException.BadInput($"{path}: the dataset has no rows; expected one JSON object a line, each with a \"problem\"");
        (int start, int end) = (range ?? RowRange.All).Of(rows.Count, path);
        return new ProblemDataset(path, rows.Count, rows[start..end]);
    }

    private static byte[] ReadFile(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            string reason = e is FileNotFoundException or DirectoryNotFoundException ? "there is no such file"
                : Directory.Exists(path) ? "this is a directory"
                : e.Message;
            throw CudaSearchException.BadInput($"{path}: cannot read the dataset: {reason}", e);
        }
    }

    private static List<DatasetRow> Parse(ReadOnlyMemory<byte> bytes, string path)
    {
        if (bytes.Span.StartsWith("\uFEFF"u8)) bytes = bytes[3..];
        List<DatasetRow> rows = [];
        for (int line = 1; !bytes.IsEmpty; line++)
        {
            int newline = bytes.Span.IndexOf((byte)'\n');
            ReadOnlyMemory<byte> text = newline < 0 ? bytes : bytes[..newline];
            if (text.Span.ContainsAnyExcept(" \t\r"u8)) rows.Add(ParseRow(text, rows.Count, $"{path}, line {line}"));
            bytes = newline < 0 ? default : bytes[(newline + 1)..];
        }
        return rows;
    }

    private static DatasetRow ParseRow(ReadOnlyMemory<byte> line, int index, string where)
    {
        JsonElement columns = ParseObject(line, where);
        if (!columns.TryGetProperty("problem", out JsonElement problem))
        {
            string keys = string.Join(", ", columns.EnumerateObject().Select(column => column.Name));
            throw CudaSearchException.BadInput($"{where}: the row has no \"problem\"; it has {(keys.Length == 0 ? "no keys" : "the keys " + keys)}");
        }
        if (problem.ValueKind != JsonValueKind.String) throw CudaSearchException.BadInput($"{where}: \"problem\" has to be a text, but is {Name(problem)}");
        return new DatasetRow(index, problem.GetString()!, columns)
        {
            Answer = TextOrNumber(columns, "answer", where),
            Level = TextOrNumber(columns, "level", where),
            Subject = TextOrNumber(columns, "subject", where),
            UniqueId = TextOrNumber(columns, "unique_id", where),
        };
    }

    private static JsonElement ParseObject(ReadOnlyMemory<byte> line, string where)
    {
        if (!Utf8.IsValid(line.Span)) throw CudaSearchException.BadInput($"{where}: the line is not UTF-8 text");
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw CudaSearchException.BadInput($"{where}: expected a JSON object a line, but this is {Name(document.RootElement)}");
            CheckTexts(document.RootElement);
            return document.RootElement.Clone();
        }
        catch (JsonException e)
        {
            throw CudaSearchException.BadInput($"{where}: not valid JSON at byte {e.BytePositionInLine + 1}: {WithoutPosition(e.Message)}", e);
        }
        catch (InvalidOperationException e)
        {
            throw CudaSearchException.BadInput($"{where}: a text holds half a surrogate pair (\\ud800 to \\udfff alone), which no output could keep", e);
        }
    }

    /// <summary>
    /// Decodes every text once: the reader leaves escapes unchecked, and a later failure while writing results would lose a run.
    /// </summary>
    private static void CheckTexts(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                _ = element.GetString();
                break;
            case JsonValueKind.Array:
                foreach (JsonElement item in element.EnumerateArray()) CheckTexts(item);
                break;
            case JsonValueKind.Object:
                foreach (JsonProperty property in element.EnumerateObject())
                {
                    _ = property.Name;
                    CheckTexts(property.Value);
                }
                break;
        }
    }

    private static string? TextOrNumber(JsonElement columns, string key, string where)
    {
        if (!columns.TryGetProperty(key, out JsonElement value)) return null;
        return value.ValueKind switch
        {
            JsonValueKind.String => value.GetString(),
            JsonValueKind.Number => value.GetRawText(),
            JsonValueKind.Null => null,
            _ => throw CudaSearchException.BadInput($"{where}: \"{key}\" has to be a text or a number, but is {Name(value)}"),
        };
    }

    /// <summary>The parser's words without its own line number, which is always 0 here.</summary>
    private static string WithoutPosition(string message) =>
        message.IndexOf(" LineNumber:", StringComparison.Ordinal) is var end and >= 0 ? message[..end] : message;

    private static string Name(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => "an array",
        JsonValueKind.Object => "an object",
        JsonValueKind.Null => "null",
        JsonValueKind.String => "a text",
        JsonValueKind.Number => "a number",
        _ => "a truth value",
    };
}
