using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace CudaSearch.Checkpoints;

/// <summary>Reads JSON from files that may hold anything: every fault is a <see cref="CudaSearchException"/> that names the file.</summary>
internal static class StrictJson
{
    private const int MaxQuotedLength = 120;

    /// <summary>Reads a whole file of at most <paramref name="maxBytes"/> bytes.</summary>
    public static byte[] ReadFile(string path, int maxBytes)
    {
        try
        {
            using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            if (stream.Length > maxBytes)
                throw CudaSearchException.BadInput($"{path}: {stream.Length} bytes, more than the {maxBytes} such a file may have; it is not what its name says");
            byte[] bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            return bytes;
        }
        catch (Exception e) when (IsFileFault(e))
        {
            throw CannotRead(path, e);
        }
    }

    /// <summary>Whether an exception tells of an unreadable file rather than of a defect of ours.</summary>
    public static bool IsFileFault(Exception e) =>
        e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException or System.Security.SecurityException;

    /// <summary>The exception for a file that cannot be read at all.</summary>
    public static CudaSearchException CannotRead(string path, Exception cause) =>
        CudaSearchException.BadInput($"{path}: cannot be read ({cause.Message}); check the path and its permissions", cause);

    /// <summary>
    /// Parses an object. Afterwards every key and string in it is known to be decodable, and no object in it holds a key twice
    /// (readers disagree about which of the two counts).
    /// </summary>
    /// <param name="utf8">The text; a byte order mark at its start is skipped.</param>
    /// <param name="where">The file, and the part of it, for messages.</param>
    public static JsonDocument ParseObject(ReadOnlyMemory<byte> utf8, string where)
    {
        if (utf8.Span.StartsWith(Encoding.UTF8.Preamble)) utf8 = utf8[Encoding.UTF8.Preamble.Length..];
        if (!Utf8.IsValid(utf8.Span)) throw CudaSearchException.BadInput($"{where} is not UTF-8 text; download or export the file again");
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(utf8);
        }
        catch (JsonException e)
        {
            throw CudaSearchException.BadInput($"{where} is not valid JSON ({e.Message.TrimEnd('.')}); download or export the file again", e);
        }
        try
        {
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw CudaSearchException.BadInput($"{where} holds {KindOf(document.RootElement)}, not a JSON object; download or export the file again");
            CheckStrings(document.RootElement, where);
            return document;
        }
        catch (Exception e)
        {
            document.Dispose();
            if (e is InvalidOperationException) // what JsonElement throws for "\ud800" and the like
                throw CudaSearchException.BadInput($"{where} holds a string with half a surrogate pair; export the file again", e);
            throw;
        }
    }

    /// <summary>A string from a file, shortened and with control characters escaped, in double quotes.</summary>
    public static string Quote(string text)
    {
        StringBuilder quoted = new("\"");
        foreach (char c in text.AsSpan(0, Math.Min(text.Length, MaxQuotedLength)))
            quoted = char.IsControl(c) || char.IsSurrogate(c) ? quoted.Append($"\\u{(int)c:x4}") : quoted.Append(c);
        return quoted.Append(text.Length > MaxQuotedLength ? "…\"" : "\"").ToString();
    }

    /// <summary>A JSON value as messages show it: its text, shortened.</summary>
    public static string Show(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => Quote(value.GetString()!),
        JsonValueKind.Object or JsonValueKind.Array => KindOf(value),
        _ => Shorten(value.GetRawText()),
    };

    /// <summary>What kind of value this is, in words.</summary>
    public static string KindOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "a boolean",
    };

    private static string Shorten(string text) => text.Length > MaxQuotedLength ? text[..MaxQuotedLength] + "…" : text;

    private static void CheckStrings(JsonElement value, string where)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                value.GetString();
                break;
            case JsonValueKind.Array:
                foreach (JsonElement item in value.EnumerateArray()) CheckStrings(item, where);
                break;
            case JsonValueKind.Object:
                HashSet<string> names = [];
                foreach (JsonProperty property in value.EnumerateObject())
                {
                    string name = property.Name;
                    if (!names.Add(name)) throw CudaSearchException.BadInput($"{where} holds the key {Quote(name)} twice; export the file again");
                    // Only objects and arrays need a longer path, and only objects are told apart by it.
                    CheckStrings(property.Value, property.Value.ValueKind == JsonValueKind.Object ? $"{where}, {Quote(name)}," : where);
                }
                break;
        }
    }
}
