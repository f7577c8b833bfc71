using System.Text.Json;

namespace CudaSearch.Evaluation;

/// <summary>Reads a finished run record by record, without holding more than one of them.</summary>
internal static class RunLines
{
    /// <summary>Every record and where it stands. An element is valid until the next is asked for.</summary>
    /// <exception cref="CudaSearchException">The file cannot be read, or a line is no JSON object.</exception>
    public static IEnumerable<(JsonElement Record, string Where)> Read(string path)
    {
        int number = 0;
        foreach (string line in Lines(path))
        {
            string where = $"{path}, line {++number}";
            if (line.Length == 0) continue;
            using JsonDocument document = Parse(line, where);
            yield return (document.RootElement, where);
        }
    }

    private static JsonDocument Parse(string line, string where)
    {
        try
        {
            JsonDocument document = JsonDocument.Parse(line);
            if (document.RootElement.ValueKind == JsonValueKind.Object) return document;
            document.Dispose();
        }
        catch (JsonException)
        {
            // Reported below.
        }
        throw CudaSearchException.BadInput($"{where}: not a record of eval (a line of JSON); an interrupted run ends so: run the same command again to finish it");
    }

    private static IEnumerable<string> Lines(string path)
    {
        StreamReader reader;
        try
        {
            // A run that still writes the file holds it alone.
            reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw CudaSearchException.BadInput($"{path}: cannot read the run: {(Directory.Exists(path) ? "this is a directory" : e.Message)}", e);
        }
        using (reader)
        {
            while (reader.ReadLine() is { } line) yield return line;
        }
    }
}
