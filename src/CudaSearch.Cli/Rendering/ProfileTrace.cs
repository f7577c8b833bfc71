using System.Text.Json;
using CudaSearch.Backends;
using CudaSearch.Evaluation.Throughput;

namespace CudaSearch.Cli.Rendering;

/// <summary>
/// Passes on a timeline, in the JSON of Chrome's trace events that Perfetto reads: one track for the stream, a complete event for each pass and inside it one
/// for each launch, behind one another.
/// </summary>
internal static class ProfileTrace
{
    private const int Process = 1;
    private const int Stream = 1;

    // Between passes, so that they are told apart.
    private const double PauseMicroseconds = 100;

    public static string Render(string model, string device, IReadOnlyList<PassProfile> profiles)
    {
        using var text = new StringWriter();
        JsonOutput.Write(text, writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("displayTimeUnit", "ns");
            writer.WriteStartArray("traceEvents");
            WriteName(writer, "process_name", $"{model} on {device}");
            WriteName(writer, "thread_name", "stream");
            double begin = 0;
            foreach (PassProfile profile in profiles)
            {
                WritePass(writer, profile, begin);
                begin += profile.Sample.Seconds * 1e6 + PauseMicroseconds;
            }
            writer.WriteEndArray();
            writer.WriteEndObject();
        }, indented: false);
        return text.ToString();
    }

    private static void WritePass(Utf8JsonWriter writer, PassProfile profile, double begin)
    {
        WriteEvent(writer, ProfileTable.Describe(profile), "pass", begin, profile.Sample.Seconds * 1e6, new OperationCost(profile.Cost.Bytes, profile.Cost.Flops), profile.FloorSeconds);
        foreach (OperationTiming launch in profile.Sample.Operations)
        {
            double? floor = profile.Ceilings is { } ceilings ? launch.Cost.FloorSeconds(ceilings) : null;
            WriteEvent(writer, launch.Name, "kernel", begin + launch.Start * 1e6, launch.Seconds * 1e6, launch.Cost, floor, launch.Shape);
        }
    }

    // Times are in microseconds.
    private static void WriteEvent(
        Utf8JsonWriter writer, string name, string category, double start, double duration, OperationCost cost, double? floorSeconds, string? shape = null)
    {
        writer.WriteStartObject();
        writer.WriteString("ph", "X");
        writer.WriteString("name", name);
        writer.WriteString("cat", category);
        writer.WriteNumber("pid", Process);
        writer.WriteNumber("tid", Stream);
        writer.WriteNumber("ts", Math.Round(start, 3));
        writer.WriteNumber("dur", Math.Round(duration, 3));
        writer.WriteStartObject("args");
        if (shape is not null) writer.WriteString("shape", shape);
        writer.WriteNumber("bytes", cost.Bytes);
        writer.WriteNumber("flops", cost.Flops);
        if (floorSeconds is { } floor) writer.WriteNumber("floor_us", Math.Round(floor * 1e6, 3));
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static void WriteName(Utf8JsonWriter writer, string kind, string name)
    {
        writer.WriteStartObject();
        writer.WriteString("ph", "M");
        writer.WriteString("name", kind);
        writer.WriteNumber("pid", Process);
        writer.WriteNumber("tid", Stream);
        writer.WriteStartObject("args");
        writer.WriteString("name", name);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }
}
