using CudaSearch.Evaluation.Export;

namespace CudaSearch.Cli.Export;

/// <summary>A folder as the Hugging Face hub wants it: Parquet and JSON lines of each split, and a card.</summary>
internal static class ExportFolder
{
    private static readonly string[] s_files = ["README.md", "train.jsonl", "train.parquet", "validation.jsonl", "validation.parquet"];

    /// <summary>Makes sure that nothing would be overwritten.</summary>
    /// <exception cref="CudaSearchException">A file of an export is there already.</exception>
    public static void Check(string folder)
    {
        if (File.Exists(folder)) throw CudaSearchException.BadInput($"{folder} is a file; give a folder");
        if (s_files.FirstOrDefault(name => File.Exists(Path.Combine(folder, name))) is { } there)
            throw CudaSearchException.BadInput($"{folder} holds {there} already; choose another folder");
    }

    /// <summary>Writes all files.</summary>
    public static async Task WriteAsync(string folder, TrainingData data, string card, CancellationToken cancellation)
    {
        Directory.CreateDirectory(folder);
        foreach ((string split, IReadOnlyList<TrainingRow> rows) in new[] { ("train", data.Train), ("validation", data.Validation) })
        {
            if (rows.Count == 0) continue;
            await using (var lines = new StreamWriter(Path.Combine(folder, split + ".jsonl")))
                foreach (TrainingRow row in rows) JsonOutput.Write(lines, row.Write, indented: false);
            await ParquetRows.WriteAsync(rows, Path.Combine(folder, split + ".parquet"), cancellation);
        }
        await File.WriteAllTextAsync(Path.Combine(folder, "README.md"), card, cancellation);
    }
}
