using System.Text.Json;
using CudaSearch.Evaluation.Datasets;

namespace CudaSearch.Evaluation.Merging;

/// <summary>One record of a run, as it stands in its file.</summary>
/// <param name="Row">Its row in the dataset.</param>
/// <param name="Dataset">The rows that its run covers.</param>
/// <param name="Settings">What two records of one run agree in, by name.</param>
/// <param name="Text">The line itself.</param>
/// <param name="Where">File and line.</param>
internal sealed record ShardRecord(
    int Row, DatasetIdentity Dataset, IReadOnlyList<(string Name, string Value)> Settings, string Text, string Where);

/// <summary>Reads an output of <c>eval</c>.</summary>
internal static class ShardFile
{
    private static readonly string[] s_settings = ["strategy", "n", "seed", "settings", "model", "prm"];

    /// <summary>Its records. What is wrong with it is added to <paramref name="faults"/>, a message each.</summary>
    public static List<ShardRecord> Read(string path, List<string> faults)
    {
        var records = new List<ShardRecord>();
        string text;
        try
        {
            // A run that still writes the file holds it alone, and is not to be merged.
            using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read));
            text = reader.ReadToEnd();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            faults.Add($"{path}: cannot read it: {(Directory.Exists(path) ? "this is a directory" : e.Message)}");
            return records;
        }
        string[] lines = text.Split('\n');
        if (lines[^1].Length > 0)
            faults.Add($"{path} ends within a record, because its run was interrupted; run the same command again to finish it");
        if (lines.Length == 1 && lines[0].Length == 0) faults.Add($"{path} holds no record");
        for (int i = 0; i < lines.Length - 1; i++)
        {
            if (lines[i].Length == 0) continue;
            string where = $"{path}, line {i + 1}";
            if (Parse(lines[i], where) is { } record) records.Add(record);
            else faults.Add($"{where}: not a record of eval");
        }
        return records;
    }

    private static ShardRecord? Parse(string line, string where)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement record = document.RootElement;
            DatasetIdentity dataset = DatasetIdentity.Read(record.GetProperty("dataset"));
            List<(string, string)> settings = [("dataset", $"{dataset.Name} ({dataset.Digest})")];
            foreach (string name in s_settings) settings.Add((name, record.GetProperty(name).ToString()));
            return new ShardRecord(record.GetProperty("row").GetInt32(), dataset, settings, line, where);
        }
        catch (Exception e) when (e is JsonException || FinishedRecord.IsOfAnotherMaker(e))
        {
            return null;
        }
    }
}
