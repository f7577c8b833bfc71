using System.Text.Json;
using CudaSearch.Evaluation.Datasets;

namespace CudaSearch.Evaluation.ProcessBench;

/// <summary>
/// Reads ProcessBench's layout (Zheng et al. 2024, arXiv 2412.06559): JSON lines with <c>id</c>, <c>problem</c>, <c>steps</c> (a list of texts) and <c>label</c> (index of the
/// first wrong step, -1 for none). Other columns are ignored.
/// </summary>
public static class ProcessBenchDataset
{
    /// <summary>The rows of a range.</summary>
    /// <exception cref="CudaSearchException">The file cannot be read, or a row of the range is not in that layout; the message names file, row and key.</exception>
    public static IReadOnlyList<LabelledSolution> Load(string path, RowRange range) =>
        [.. ProblemDataset.Load(path, range).Rows.Select(row => Read(row, path))];

    private static LabelledSolution Read(DatasetRow row, string path)
    {
        string where = $"{path}, row {row.Index + 1}";
        JsonElement steps = Column(row, "steps", where), label = Column(row, "label", where);
        if (steps.ValueKind != JsonValueKind.Array || steps.GetArrayLength() == 0 || steps.EnumerateArray().Any(step => step.ValueKind != JsonValueKind.String))
            throw CudaSearchException.BadInput($"{where}: \"steps\" has to be a list of texts, at least one");
        int count = steps.GetArrayLength();
        if (label.ValueKind != JsonValueKind.Number || !label.TryGetInt32(out int first) || first < LabelledSolution.NoError || first >= count)
        {
            throw CudaSearchException.BadInput(
                $"{where}: \"label\" is {label.GetRawText()}; it has to be the index of the first wrong step, from 0 to {count - 1}, or -1 for none");
        }
        bool named = row.Columns.TryGetProperty("id", out JsonElement id) && id.ValueKind is JsonValueKind.String or JsonValueKind.Number;
        return new LabelledSolution(named ? id.ToString() : $"row-{row.Index + 1}", row.Problem, [.. steps.EnumerateArray().Select(step => step.GetString()!)], first);
    }

    private static JsonElement Column(DatasetRow row, string key, string where) =>
        row.Columns.TryGetProperty(key, out JsonElement value)
            ? value
            : throw CudaSearchException.BadInput($"{where}: the row has no \"{key}\"; ProcessBench's layout is id, problem, steps, label");
}
