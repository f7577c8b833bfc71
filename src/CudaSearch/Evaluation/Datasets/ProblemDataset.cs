using System.Text.Json;
using System.Text.Unicode;

namespace CudaSearch.Evaluation.Datasets;

/// <summary>
/// A dataset of problems: JSON Lines, one object a line, or by the file's ending CSV or TSV. Blank lines and a byte order mark are skipped; all columns are kept.
/// </summary>
public sealed class ProblemDataset
{
    private ProblemDataset(string path, IReadOnlyList<DatasetRow> all, int start, int end)
    {
        Path = path;
        TotalRows = all.Count;
        Rows = [.. all.Skip(start).Take(end - start)];
        Identity = new DatasetIdentity(System.IO.Path.GetFileName(path), Digest.Of(all.SelectMany(row => (string[])[row.Problem, row.Answer ?? ""])), start, end);
    }

    /// <summary>The file, as it was named.</summary>
    public string Path { get; }

    /// <summary>Rows in the file, whatever the range.</summary>
    public int TotalRows { get; }

    /// <summary>The rows of the range, in file order; at least one.</summary>
    public IReadOnlyList<DatasetRow> Rows { get; }

    /// <summary>Which rows of what these are.</summary>
    public DatasetIdentity Identity { get; }

    /// <summary>Reads a file whole and checks every line of it, also those outside the range.</summary>
    /// <param name="path">The file, or <c>tinymath</c> for the embedded held-out problems.</param>
    /// <param name="range">Which rows to take; null: all.</param>
    /// <param name="columns">Which columns are what; null: recognised.</param>
    /// <exception cref="CudaSearchException">The file cannot be read or is empty, a line is not a row (the message names file, line and
    /// what is wrong), or the range holds no row.</exception>
    public static ProblemDataset Load(string path, RowRange? range = null, ColumnMapping? columns = null)
    {
        IReadOnlyList<DatasetRow> rows = path == Workbench.TinyMath ? TinyMathRows.HeldOut() : Parse(ReadFile(path), path, columns ?? ColumnMapping.Known);
        if (rows.Count == 0)
            throw CudaSearchException.BadInput($"{path}: the dataset has no rows; expected one JSON object a line, each with a \"problem\"");
        (int start, int end) = (range ?? RowRange.All).Of(rows.Count, path);
        return new ProblemDataset(path, rows, start, end);
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

    private static List<DatasetRow> Parse(ReadOnlyMemory<byte> bytes, string path, ColumnMapping columns)
    {
        if (bytes.Span.StartsWith("\uFEFF"u8)) bytes = bytes[3..];
        IEnumerable<(JsonElement Columns, string Where)> rows = System.IO.Path.GetExtension(path).ToLowerInvariant() switch
        {
            ".csv" => CsvFile.Rows(bytes, path, ','),
            ".tsv" => CsvFile.Rows(bytes, path, '\t'),
            _ => JsonLines(bytes, path),
        };
        return [.. rows.Select((row, index) => columns.Read(row.Columns, index, row.Where))];
    }

    private static IEnumerable<(JsonElement Columns, string Where)> JsonLines(ReadOnlyMemory<byte> bytes, string path)
    {
        for (int line = 1; !bytes.IsEmpty; line++)
        {
            int newline = bytes.Span.IndexOf((byte)'\n');
            ReadOnlyMemory<byte> text = newline < 0 ? bytes : bytes[..newline];
            string where = $"{path}, line {line}";
            if (text.Span.ContainsAnyExcept(" \t\r"u8)) yield return (ParseObject(text, where), where);
            bytes = newline < 0 ? default : bytes[(newline + 1)..];
        }
    }

    private static JsonElement ParseObject(ReadOnlyMemory<byte> line, string where)
    {
        if (!Utf8.IsValid(line.Span)) throw CudaSearchException.BadInput($"{where}: the line is not UTF-8 text");
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw CudaSearchException.BadInput($"{where}: expected a JSON object a line, but this is {JsonKind.Of(document.RootElement)}");
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

    /// <summary>The parser's words without its own line number, which is always 0 here.</summary>
    private static string WithoutPosition(string message) =>
        message.IndexOf(" LineNumber:", StringComparison.Ordinal) is var end and >= 0 ? message[..end] : message;
}
