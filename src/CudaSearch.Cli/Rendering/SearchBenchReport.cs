using System.Globalization;
using System.Text.Json;
using CudaSearch.Evaluation.Throughput;

namespace CudaSearch.Cli.Rendering;

/// <summary>What <c>bench --search</c> prints: a few lines a search, or one JSON document.</summary>
internal static class SearchBenchReport
{
    public static void WriteHeader(TextWriter output, SearchShape shape, string generator, string judge, string device)
    {
        output.WriteLine($"beam search with {generator}, judged by {judge}, on {device}");
        output.WriteLine(
            $"n {shape.N}, width {shape.BeamWidth}: {shape.Steps} steps of {shape.StepTokens} tokens behind {shape.Prompt}, judged behind {shape.JudgePrompt}");
    }

    public static void WriteLines(TextWriter output, SearchTiming timing)
    {
        Line($"sharing {(timing.Share ? "on" : "off")}: {timing.Seconds:0.000} s{(timing.FloorSeconds is { } floor ? $", floor {floor:0.000} s, ratio {timing.Seconds / floor:0.00}" : "")}");
        Line($"  passes: {timing.GeneratorPasses} of the generator over {timing.GeneratorRows} tokens, {timing.JudgePasses} of the judge over {timing.JudgeRows}");
        Line($"  device idle: {timing.IdleShare:0.0 %} of the search{(timing.DecodeIdleShare is { } decode ? $", {decode:0.0 %} while decoding" : "")}");
        HostTimes host = timing.Host;
        string launch = host.Launch is { } seconds ? string.Create(CultureInfo.InvariantCulture, $", launch {seconds * 1e6:0.0}") : "";
        Line($"  host, us a pass: {host.Critical * 1e6:0.0} (commit {host.Commit * 1e6:0.0}, plan {host.Plan * 1e6:0.0}{launch}); beside the pass {host.Deliver * 1e6:0.0}");

        void Line(FormattableString text) => output.WriteLine(text.ToString(CultureInfo.InvariantCulture));
    }

    public static void Write(Utf8JsonWriter writer, SearchShape shape, string generator, string judge, string backend, string device, IReadOnlyList<SearchTiming> timings)
    {
        writer.WriteStartObject();
        writer.WriteString("search", "beam");
        writer.WriteString("model", generator);
        writer.WriteString("prm", judge);
        writer.WriteString("backend", backend);
        writer.WriteString("device", device);
        writer.WriteNumber("n", shape.N);
        writer.WriteNumber("beam_width", shape.BeamWidth);
        writer.WriteNumber("steps", shape.Steps);
        writer.WriteNumber("step_tokens", shape.StepTokens);
        writer.WriteNumber("prefix", shape.Prompt);
        writer.WriteNumber("prm_prefix", shape.JudgePrompt);
        writer.WriteStartArray("searches");
        foreach (SearchTiming timing in timings) Write(writer, timing);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, SearchTiming timing)
    {
        writer.WriteStartObject();
        writer.WriteBoolean("sharing", timing.Share);
        writer.WriteNumber("seconds", timing.Seconds);
        WriteOptional(writer, "floor_seconds", timing.FloorSeconds);
        writer.WriteNumber("generator_passes", timing.GeneratorPasses);
        writer.WriteNumber("generator_tokens", timing.GeneratorRows);
        writer.WriteNumber("prm_passes", timing.JudgePasses);
        writer.WriteNumber("prm_tokens", timing.JudgeRows);
        writer.WriteNumber("idle_share", timing.IdleShare);
        WriteOptional(writer, "decode_idle_share", timing.DecodeIdleShare);
        writer.WriteStartObject("host_seconds_a_pass");
        writer.WriteNumber("commit", timing.Host.Commit);
        writer.WriteNumber("plan", timing.Host.Plan);
        WriteOptional(writer, "launch", timing.Host.Launch);
        writer.WriteNumber("deliver", timing.Host.Deliver);
        writer.WriteEndObject();
        ProfileJson.WriteCeilings(writer, timing.Ceilings);
        writer.WriteEndObject();
    }

    private static void WriteOptional(Utf8JsonWriter writer, string name, double? value)
    {
        if (value is { } number) writer.WriteNumber(name, number);
        else writer.WriteNull(name);
    }
}
