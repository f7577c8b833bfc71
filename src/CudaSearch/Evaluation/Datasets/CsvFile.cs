using System.Buffers;
using System.Text;
using System.Text.Json;

namespace CudaSearch.Evaluation.Datasets;

/// <summary>
/// Reads comma-separated values (RFC 4180): a line of column names, then rows; a field in double quotes may hold the separator, line ends
/// and, doubled, quotes.
/// Every field is a text; an empty one is no value.
/// </summary>
internal static class CsvFile
{
    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The rows as JSON objects, each with its file and line.</summary>
    /// <exception cref="CudaSearchException">A quote is not closed, a row has more or fewer fields than there are names, or the text is not
    /// UTF-8.</exception>
    public static IEnumerable<(JsonElement Columns, string Where)> Rows(ReadOnlyMemory<byte> bytes, string path, char separator)
    {
        List<(int Line, List<string> Fields)> records = Split(Decode(bytes, path), path, separator);
        if (records.Count == 0) yield break;
        List<string> names = records[0].Fields;
        if (names.GroupBy(name => name).FirstOrDefault(same => same.Count() > 1) is { } twice)
            throw CudaSearchException.BadInput($"{path}, line 1: the column \"{twice.Key}\" is there twice");
        foreach ((int line, List<string> fields) in records.Skip(1))
        {
            string where = $"{path}, line {line}";
            if (fields.Count != names.Count)
                throw CudaSearchException.BadInput(
                    $"{where}: the row has {fields.Count} fields, and line 1 names {names.Count} columns; "
                        + $"put fields with a \"{separator}\" or a line end in double quotes");
            yield return (Object(names, fields), where);
        }
    }

    private static string Decode(ReadOnlyMemory<byte> bytes, string path)
    {
        try
        {
            return s_strict.GetString(bytes.Span);
        }
        catch (DecoderFallbackException e)
        {
            throw CudaSearchException.BadInput($"{path}: the file is not UTF-8 text", e);
        }
    }

    private static List<(int Line, List<string> Fields)> Split(string text, string path, char separator)
    {
        var records = new List<(int, List<string>)>();
        for ((int at, int line) = (0, 1); at < text.Length;)
        {
            int first = line;
            var fields = new List<string>();
            do fields.Add(Field(text, ref at, ref line, path, separator));
            while (at < text.Length && text[at++] == separator);
            // The loop ended at the end of the text, or just behind the \n.
            if (at > 0 && text[at - 1] == '\n') line++;
            if (fields.Count > 1 || fields[0].Length > 0) records.Add((first, fields));
        }
        return records;
    }

    /// <summary>One field; afterwards <paramref name="at"/> is at the separator, the <c>\n</c> or the end behind it.</summary>
    private static string Field(string text, ref int at, ref int line, string path, char separator)
    {
        if (at >= text.Length || text[at] != '"') return Plain(text, ref at, separator);
        int opened = line;
        var field = new StringBuilder();
        for (at++; ; at++)
        {
            if (at >= text.Length)
                throw CudaSearchException.BadInput($"{path}, line {opened}: a double quote is opened here and never closed");
            if (text[at] == '"')
            {
                if (at + 1 >= text.Length || text[at + 1] != '"') break;
                at++;
            }
            else if (text[at] == '\n') line++;
            field.Append(text[at]);
        }
        at++;
        if (Plain(text, ref at, separator).Length > 0)
            throw CudaSearchException.BadInput(
                $"{path}, line {line}: a field goes on behind its closing double quote; write quotes within a field twice");
        return field.ToString();
    }

    private static string Plain(string text, ref int at, char separator)
    {
        int end = text.AsSpan(at).IndexOfAny(separator, '\n');
        end = end < 0 ? text.Length : at + end;
        string field = text[at..end];
        at = end;
        return end < text.Length && text[end] == separator ? field : field.TrimEnd('\r');
    }

    private static JsonElement Object(List<string> names, List<string> fields)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            foreach ((string name, string value) in names.Zip(fields))
            {
                if (value.Length == 0) writer.WriteNull(name);
                else writer.WriteString(name, value);
            }
            writer.WriteEndObject();
        }
        using JsonDocument document = JsonDocument.Parse(buffer.WrittenMemory);
        return document.RootElement.Clone();
    }
}
