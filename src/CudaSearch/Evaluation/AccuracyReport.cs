using System.Globalization;
using System.Text;
using System.Text.Json;

namespace CudaSearch.Evaluation;

/// <summary>
/// Writes an <see cref="AccuracyTable"/> for people and for programs. All percentages; <c>±</c> is the standard deviation over seeds.
/// </summary>
public static class AccuracyReport
{
    private static readonly string[] s_votes = ["naive", "weighted", "majority", "pass@N"];

    /// <summary>
    /// Aligned Markdown tables, readable as plain text: every N over all problems, then levels and subjects at the largest N each of them
    /// has.
    /// </summary>
    public static string ToMarkdown(AccuracyTable table)
    {
        StringBuilder text = new();
        if (table.Overall.Count == 0) return "No problem has been graded.\n";
        text.Append(Summary(table)).Append("\n\n");
        AppendTable(text, "N", table.Overall.Select(row => (row.K.ToString(), row)));
        AppendSection(text, "level", table.ByLevel);
        AppendSection(text, "subject", table.BySubject);
        return text.ToString();
    }

    /// <summary>
    /// One JSON object: <c>overall</c>, <c>by_level</c>, <c>by_subject</c>, each a list of rows with means and standard deviations from 0
    /// to 1.
    /// </summary>
    public static void WriteJson(Utf8JsonWriter writer, AccuracyTable table)
    {
        writer.WriteStartObject();
        WriteRows(writer, "overall", table.Overall);
        WriteRows(writer, "by_level", table.ByLevel);
        WriteRows(writer, "by_subject", table.BySubject);
        writer.WriteEndObject();
    }

    private static string Summary(AccuracyTable table)
    {
        AccuracyRow row = table.Overall[^1];
        string counted = row.Problems == 1 ? "1 problem" : $"{row.Problems} problems";
        return row.Seeds == 1
            ? $"Right answers in %, {counted}."
            : $"Right answers in %, mean ± standard deviation over {row.Seeds} seeds, {counted} in all.";
    }

    private static void AppendSection(StringBuilder text, string group, IReadOnlyList<AccuracyRow> rows)
    {
        if (rows.Count == 0) return;
        List<AccuracyRow> largest = [.. rows.GroupBy(row => row.Group).Select(group => group.Last())]; // rows of a group rise in K
        text.Append('\n');
        string heading = largest.All(row => row.K == largest[0].K) ? $"{group}, N = {largest[0].K}" : group;
        AppendTable(text, heading, largest.Select(row => (row.Group, row)));
    }

    private static void AppendTable(StringBuilder text, string heading, IEnumerable<(string Label, AccuracyRow Row)> rows)
    {
        List<string[]> cells = [[heading, .. s_votes, "problems"]];
        foreach ((string label, AccuracyRow row) in rows)
        {
            string safe = label.Replace("|", "\\|").ReplaceLineEndings(" ");
            cells.Add([safe, Percent(row.Naive), Percent(row.Weighted), Percent(row.Majority), Percent(row.PassAtK), row.Problems.ToString()]);
        }

        int[] widths = [.. Enumerable.Range(0, cells[0].Length).Select(column => cells.Max(line => line[column].Length))];
        AppendLine(text, cells[0], widths);
        IEnumerable<string> rule = widths.Select(width => new string('-', width + 1)).Select((dashes, column) => column == 0 ? ":" + dashes : dashes + ":");
        text.Append('|').AppendJoin('|', rule).Append("|\n");
        foreach (string[] line in cells.Skip(1)) AppendLine(text, line, widths);
    }

    /// <summary>The first column is aligned to the left, numbers to the right.</summary>
    private static void AppendLine(StringBuilder text, string[] cells, int[] widths)
    {
        for (int column = 0; column < cells.Length; column++)
            text.Append("| ").Append(column == 0 ? cells[column].PadRight(widths[column]) : cells[column].PadLeft(widths[column])).Append(' ');
        text.Append("|\n");
    }

    private static string Percent(Accuracy accuracy)
    {
        string mean = (100 * accuracy.Mean).ToString("0.0", CultureInfo.InvariantCulture);
        return accuracy.StandardDeviation is { } deviation ? $"{mean} ± {(100 * deviation).ToString("0.0", CultureInfo.InvariantCulture)}" : mean;
    }

    private static void WriteRows(Utf8JsonWriter writer, string name, IReadOnlyList<AccuracyRow> rows)
    {
        writer.WriteStartArray(name);
        foreach (AccuracyRow row in rows) WriteRow(writer, row);
        writer.WriteEndArray();
    }

    private static void WriteRow(Utf8JsonWriter writer, AccuracyRow row)
    {
        writer.WriteStartObject();
        writer.WriteString("group", row.Group);
        writer.WriteNumber("n", row.K);
        writer.WriteNumber("problems", row.Problems);
        writer.WriteNumber("seeds", row.Seeds);
        WriteAccuracy(writer, "naive", row.Naive);
        WriteAccuracy(writer, "weighted", row.Weighted);
        WriteAccuracy(writer, "majority", row.Majority);
        WriteAccuracy(writer, "pass_at_n", row.PassAtK);
        writer.WriteEndObject();
    }

    private static void WriteAccuracy(Utf8JsonWriter writer, string name, Accuracy accuracy)
    {
        writer.WriteStartObject(name);
        writer.WriteNumber("mean", accuracy.Mean);
        if (accuracy.StandardDeviation is { } deviation) writer.WriteNumber("sd", deviation);
        else writer.WriteNull("sd");
        writer.WriteEndObject();
    }
}
