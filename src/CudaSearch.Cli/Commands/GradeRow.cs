using System.Text.Json;

namespace CudaSearch.Cli.Commands;

/// <summary>A question to <c>grade</c>: what does a text answer, or are two answers equal, or both.</summary>
/// <param name="Text">A solution to extract the answer of; null where that is not asked.</param>
/// <param name="Gold">A reference answer; null where no comparison is asked.</param>
/// <param name="Pred">A predicted answer; null where no comparison is asked.</param>
internal sealed record GradeRow(string? Text, string? Gold, string? Pred)
{
    /// <summary>Reads a JSON line; keys that mean nothing here are passed over.</summary>
    /// <exception cref="CudaSearchException">It is no such row; the message says where and why.</exception>
    public static GradeRow Read(string line, string where)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement row = document.RootElement;
            if (row.ValueKind != JsonValueKind.Object) throw CudaSearchException.BadInput($"{where}: expected a JSON object with \"text\", or with \"gold\" and \"pred\"");
            var read = new GradeRow(Value(row, "text", where), Value(row, "gold", where), Value(row, "pred", where));
            if (read is { Gold: null, Pred: not null }) throw CudaSearchException.BadInput($"{where}: the row has \"pred\" and no \"gold\"");
            if (read is { Gold: not null, Pred: null }) throw CudaSearchException.BadInput($"{where}: the row has \"gold\" and no \"pred\"");
            if (read is { Text: null, Gold: null }) throw CudaSearchException.BadInput($"{where}: the row has no \"text\", and no \"gold\" and \"pred\"");
            return read;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException) // the latter for an unpaired surrogate
        {
            throw CudaSearchException.BadInput($"{where}: not valid JSON: {e.Message}", e);
        }
    }

    private static string? Value(JsonElement row, string key, string where)
    {
        if (!row.TryGetProperty(key, out JsonElement value) || value.ValueKind == JsonValueKind.Null) return null;
        return value.ValueKind == JsonValueKind.String ? value.GetString() : throw CudaSearchException.BadInput($"{where}: \"{key}\" has to be a text");
    }
}
