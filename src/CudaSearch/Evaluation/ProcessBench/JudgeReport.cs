using System.Globalization;
using System.Text;
using System.Text.Json;

namespace CudaSearch.Evaluation.ProcessBench;

/// <summary>Writes a <see cref="JudgeSummary"/> for people and for programs.</summary>
public static class JudgeReport
{
    /// <summary>Markdown tables, readable as plain text: accuracy by threshold in percent, then calibration.</summary>
    public static string ToMarkdown(JudgeSummary summary)
    {
        int wrong = summary.Solutions.Count(judged => judged.Solution.IsWrong);
        StringBuilder text = new();
        int right = summary.Solutions.Count - wrong;
        text.Append($"{summary.Judge}: first errors found in {wrong} wrong solutions, and {right} right ones passed, in %.\n\n");
        text.Append("| threshold          | on wrong | on right |    F1 |\n|:-------------------|---------:|---------:|------:|\n");
        AppendRow(text, summary.AtThreshold, " (asked)");
        if (summary.Best is { } best) AppendRow(text, best, " (best here)");
        foreach (DetectionAccuracy row in summary.Sweep) AppendRow(text, row, "");
        Calibration calibration = summary.Calibration;
        text.Append(CultureInfo.InvariantCulture, $"\nCalibration of single steps: expected error {calibration.ExpectedError:0.0000}");
        text.Append(CultureInfo.InvariantCulture, $", Brier score {calibration.Brier:0.0000}.\n\n");
        text.Append("| score     |  steps | mean score | right % |\n|:----------|-------:|-----------:|--------:|\n");
        foreach (CalibrationBin bin in calibration.Bins)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {bin.From:0.0} – {bin.To:0.0} | {bin.Steps,6} ");
            if (bin.Steps == 0) text.Append("|          - |       - |\n");
            else text.Append(CultureInfo.InvariantCulture, $"| {bin.MeanScore,10:0.000} | {Percent(bin.ShareRight),7} |\n");
        }
        return text.ToString();
    }

    /// <summary>One JSON object: <c>judge</c>, <c>solutions</c>, <c>wrong</c>, <c>at_threshold</c>, <c>best</c>, <c>sweep</c> and <c>calibration</c>; shares from 0 to 1.</summary>
    public static void WriteJson(Utf8JsonWriter writer, JudgeSummary summary)
    {
        writer.WriteStartObject();
        writer.WriteString("judge", summary.Judge);
        writer.WriteNumber("solutions", summary.Solutions.Count);
        writer.WriteNumber("wrong", summary.Solutions.Count(judged => judged.Solution.IsWrong));
        writer.WritePropertyName("at_threshold");
        WriteAccuracy(writer, summary.AtThreshold);
        writer.WritePropertyName("best");
        WriteAccuracy(writer, summary.Best);
        writer.WriteStartArray("sweep");
        foreach (DetectionAccuracy accuracy in summary.Sweep) WriteAccuracy(writer, accuracy);
        writer.WriteEndArray();
        WriteCalibration(writer, summary.Calibration);
        writer.WriteEndObject();
    }

    /// <summary>One JSON object for one solution: <c>id</c>, <c>label</c>, <c>prediction</c> (first step called wrong, or -1), <c>scores</c>.</summary>
    public static void WriteSolution(Utf8JsonWriter writer, JudgedSolution judged, double threshold)
    {
        writer.WriteStartObject();
        writer.WriteString("id", judged.Solution.Id);
        writer.WriteNumber("label", judged.Solution.Label);
        writer.WriteNumber("prediction", judged.FirstErrorAt(threshold));
        writer.WriteStartArray("scores");
        foreach (double score in judged.Scores) writer.WriteNumberValue(score);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void AppendRow(StringBuilder text, DetectionAccuracy row, string remark)
    {
        string threshold = row.Threshold.ToString("0.00##", CultureInfo.InvariantCulture) + remark;
        text.Append($"| {threshold,-18} | {Percent(row.OnWrong),8} | {Percent(row.OnRight),8} | {Percent(row.F1),5} |\n");
    }

    private static string Percent(double? share) => share is { } value ? (100 * value).ToString("0.0", CultureInfo.InvariantCulture) : "-";

    private static void WriteAccuracy(Utf8JsonWriter writer, DetectionAccuracy? accuracy)
    {
        if (accuracy is null)
        {
            writer.WriteNullValue();
            return;
        }
        writer.WriteStartObject();
        writer.WriteNumber("threshold", accuracy.Threshold);
        WriteShare(writer, "accuracy_on_wrong", accuracy.OnWrong);
        WriteShare(writer, "accuracy_on_right", accuracy.OnRight);
        WriteShare(writer, "f1", accuracy.F1);
        writer.WriteEndObject();
    }

    private static void WriteShare(Utf8JsonWriter writer, string name, double? share)
    {
        if (share is { } value) writer.WriteNumber(name, value);
        else writer.WriteNull(name);
    }

    private static void WriteCalibration(Utf8JsonWriter writer, Calibration calibration)
    {
        writer.WriteStartObject("calibration");
        writer.WriteNumber("expected_error", calibration.ExpectedError);
        writer.WriteNumber("brier", calibration.Brier);
        writer.WriteStartArray("bins");
        foreach (CalibrationBin bin in calibration.Bins)
        {
            writer.WriteStartObject();
            writer.WriteNumber("from", bin.From);
            writer.WriteNumber("to", bin.To);
            writer.WriteNumber("steps", bin.Steps);
            writer.WriteNumber("mean_score", bin.MeanScore);
            writer.WriteNumber("right", bin.ShareRight);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}
