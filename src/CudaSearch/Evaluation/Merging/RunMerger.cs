using System.Text.Json;
using CudaSearch.Evaluation.Datasets;

namespace CudaSearch.Evaluation.Merging;

/// <summary>A merged run.</summary>
/// <param name="Problems">Its records.</param>
/// <param name="Table">The accuracy over those that have a reference answer.</param>
public sealed record MergeSummary(int Problems, AccuracyTable Table);

/// <summary>
/// Puts the outputs of a run's shards together, in the order of the dataset, after checking that they are of one run and that no row is
/// missing or there
/// twice. (search-and-learn's merge_chunks looks for repeated problems only, and counts rows for two datasets that it knows by name.)
/// </summary>
public static class RunMerger
{
    private const int MostFaultsOfAKind = 5;

    /// <summary>Merges files into a new one. Nothing is written when something is wrong.</summary>
    /// <param name="inputs">The shards' outputs, in any order.</param>
    /// <param name="output">The file to make.</param>
    /// <exception cref="CudaSearchException">All that is wrong, in one message.</exception>
    public static MergeSummary Merge(IReadOnlyList<string> inputs, string output)
    {
        if (Path.Exists(output)) throw CudaSearchException.BadInput($"{output} exists; choose another --output");
        var faults = new List<string>();
        List<ShardRecord> records = [.. inputs.SelectMany(input => ShardFile.Read(input, faults))];
        if (records.Count > 0)
        {
            CheckSettings(records, faults);
            // Rows of different datasets are no rows to compare.
            if (records.TrueForAll(record => record.Dataset.Digest == records[0].Dataset.Digest)) CheckRows(records, faults);
        }
        if (faults.Count == 1) throw CudaSearchException.BadInput(faults[0]);
        if (faults.Count > 1) throw CudaSearchException.BadInput($"the files do not make a run:\n{string.Join('\n', faults)}");
        List<ShardRecord> merged = [.. records.OrderBy(record => record.Row)];
        WholeFile.Write(output, merged.Select(record => record.Text));
        return new MergeSummary(merged.Count, AccuracyTable.Compute(merged.Select(Grade).OfType<ProblemOutcome>()));
    }

    /// <summary>Every file has the settings of the first record; each that differs is said once a file.</summary>
    internal static void CheckSettings(List<ShardRecord> records, List<string> faults)
    {
        ShardRecord first = records[0];
        var said = new HashSet<(string File, string Name)>();
        foreach (ShardRecord record in records)
        {
            foreach (((string name, string expected), (string _, string found)) in first.Settings.Zip(record.Settings))
            {
                if (found != expected && said.Add((FileOf(record), name)))
                    faults.Add($"{record.Where}: another run, its {name} is {Shown(found)}, and in {first.Where} it is {Shown(expected)}");
            }
        }
    }

    /// <summary>The rows that any of the records' runs covers have to be there, each once.</summary>
    private static void CheckRows(List<ShardRecord> records, List<string> faults)
    {
        ILookup<int, ShardRecord> byRow = records.ToLookup(record => record.Row);
        List<string> twice = [.. byRow.Where(same => same.Count() > 1).OrderBy(same => same.Key).Select(same =>
            $"row {same.Key} is there {same.Count()} times: {string.Join("; ", same.Select(record => record.Where))}")];
        faults.AddRange(twice.Take(MostFaultsOfAKind));
        if (twice.Count > MostFaultsOfAKind) faults.Add($"and {twice.Count - MostFaultsOfAKind} more rows are there several times");
        int start = records.Min(record => record.Dataset.Start), end = records.Max(record => record.Dataset.End);
        List<int> missing = [.. Enumerable.Range(start, end - start).Where(row => !byRow.Contains(row))];
        if (missing.Count > 0)
        {
            (string rows, string are) = missing.Count == 1 ? ("row", "is") : ("rows", "are");
            faults.Add($"{rows} {Ranges(missing)} of {start} to {end - 1} {are} missing, {missing.Count} in all");
        }
    }

    /// <summary>3-5, 9.</summary>
    private static string Ranges(List<int> rows)
    {
        var ranges = new List<string>();
        for (int i = 0; i < rows.Count;)
        {
            int first = i;
            while (++i < rows.Count && rows[i] == rows[i - 1] + 1)
            {
            }
            ranges.Add(i - first == 1 ? $"{rows[first]}" : $"{rows[first]}-{rows[i - 1]}");
        }
        return string.Join(", ", ranges);
    }

    /// <summary>How a record went; null without a reference answer.</summary>
    internal static ProblemOutcome? Grade(ShardRecord record)
    {
        using JsonDocument document = JsonDocument.Parse(record.Text);
        // Records have MATH's column names whatever the dataset's were.
        DatasetRow row = ColumnMapping.Known.Read(document.RootElement, record.Row, record.Where);
        if (row.Answer is null) return null;
        int seed = (int)document.RootElement.GetProperty("seed").GetUInt64();
        return ProblemOutcome.Grade(seed, row, FinishedRecord.Read(document.RootElement, record.Where).Ballot);
    }

    private static string FileOf(ShardRecord record) => record.Where[..record.Where.LastIndexOf(',')];

    private static string Shown(string value) => value.Length == 0 ? "none" : value;
}
