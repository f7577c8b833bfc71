using System.Buffers;
using System.Text.Json;
using CudaSearch.TinyMath;

namespace CudaSearch.Evaluation.Datasets;

/// <summary>TinyMath problems as dataset rows.</summary>
public static class TinyMathRows
{
    /// <summary>All held-out rows, with MATH's columns.</summary>
    public static IReadOnlyList<DatasetRow> HeldOut() => [.. TinyMathDataset.HeldOut().Select((problem, i) => Row(i, problem))];

    /// <summary>Writes a problem as one JSON object: a row of a dataset.</summary>
    public static void Write(Utf8JsonWriter writer, TinyMathProblem problem)
    {
        writer.WriteStartObject();
        writer.WriteString("problem", problem.Problem);
        writer.WriteString("solution", problem.Solution);
        writer.WriteString("answer", problem.Answer);
        writer.WriteString("subject", problem.Subject);
        writer.WriteNumber("level", problem.Level);
        writer.WriteString("unique_id", problem.UniqueId);
        writer.WriteEndObject();
    }

    private static DatasetRow Row(int index, TinyMathProblem problem)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer)) Write(writer, problem);
        using JsonDocument columns = JsonDocument.Parse(buffer.WrittenMemory);
        return new DatasetRow(index, problem.Problem, columns.RootElement.Clone())
        {
            Answer = problem.Answer,
            Level = problem.Level.ToString(),
            Subject = problem.Subject,
            UniqueId = problem.UniqueId,
        };
    }
}
