using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace CudaSearch.Cli;

/// <summary>Writes JSON results.</summary>
internal static class JsonOutput
{
    private static readonly JsonWriterOptions s_compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonWriterOptions s_indented = s_compact with { Indented = true };

    /// <summary>One document and a line end; nothing is written when making it fails.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="write">Writes one JSON value.</param>
    /// <param name="indented">False makes it one line.</param>
    public static void Write(TextWriter output, Action<Utf8JsonWriter> write, bool indented = true)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, indented ? s_indented : s_compact)) write(json);
        output.WriteLine(Encoding.UTF8.GetString(buffer.GetBuffer().AsSpan(0, (int)buffer.Length)));
    }
}
