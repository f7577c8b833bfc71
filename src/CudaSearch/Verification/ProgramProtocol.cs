using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace CudaSearch.Verification;

/// <summary>The lines that a program verifier reads and writes.</summary>
internal static class ProgramProtocol
{
    private static readonly JsonWriterOptions s_json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A question with its line end.</summary>
    public static string Question(string problem, string[] steps)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, s_json))
        {
            writer.WriteStartObject();
            writer.WriteString("problem", problem);
            writer.WriteStartArray("steps");
            foreach (string step in steps) writer.WriteStringValue(step);
            writer.WriteEndArray();
            writer.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.WrittenSpan) + "\n";
    }

    /// <summary>Reads an answer.</summary>
    /// <param name="line">What the program wrote.</param>
    /// <param name="steps">How many scores it must have.</param>
    /// <param name="scores">They; empty where something is wrong.</param>
    /// <returns>What is wrong, to be put after "answered with"; null when nothing is.</returns>
    public static string? TryAnswer(string line, int steps, out double[] scores)
    {
        scores = [];
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            if (document.RootElement.ValueKind != JsonValueKind.Object || !document.RootElement.TryGetProperty("scores", out JsonElement list)
                || list.ValueKind != JsonValueKind.Array)
                return "something other than {\"scores\": [ … ]}";
            double[] read = [.. list.EnumerateArray().Select(score => score.ValueKind == JsonValueKind.Number ? score.GetDouble() : double.NaN)];
            if (read.Length != steps) return $"{read.Length} scores for {steps} steps";
            if (!Array.TrueForAll(read, score => score is >= 0 and <= 1)) return "a score that is no number from 0 to 1";
            scores = read;
            return null;
        }
        catch (JsonException)
        {
            return "a line that is not JSON";
        }
    }
}
