using System.Globalization;
using System.Text.Json;
using CudaSearch.Evaluation.Throughput;

namespace CudaSearch.Cli.Rendering;

/// <summary>What <c>bench</c> prints: a line a pass, or one JSON document.</summary>
internal static class BenchReport
{
    public static void WriteLine(TextWriter output, PassTiming timing, string? header)
    {
        if (header is not null)
        {
            output.WriteLine(header);
            if (timing.Ceilings is { } first) output.WriteLine(ProfileTable.Describe(first));
            output.WriteLine("   pass  sequences  prefix  own  sharing       ms      tok/s     GB/s   of max   GFLOP/s   of max");
        }
        PassCase kind = timing.Case;
        string what = kind.Sequences == 0 ? "prefill" : " decode", share = kind.Sequences == 0 ? "-" : kind.Share ? "on" : "off";
        string ofBytes = Percent(timing.BytesPerSecond, timing.Ceilings?.BytesPerSecond);
        string ofOperations = Percent(timing.OperationsPerSecond, timing.Ceilings?.OperationsPerSecond);
        FormattableString line =
            $"{what}  {Math.Max(1, kind.Sequences),9}  {kind.Prefix,6}  {kind.Own,3}  {share,7}  {timing.MedianSeconds * 1e3,7:0.00}  {timing.TokensPerSecond,9:0.0}  {timing.BytesPerSecond / 1e9,7:0.0}  {ofBytes,7}  {timing.OperationsPerSecond / 1e9,8:0.0}  {ofOperations,7}";
        output.WriteLine(line.ToString(CultureInfo.InvariantCulture));
    }

    public static void Write(Utf8JsonWriter writer, string model, string backend, string device, List<PassTiming> timings)
    {
        writer.WriteStartObject();
        writer.WriteString("model", model.TrimEnd(','));
        writer.WriteString("backend", backend);
        writer.WriteString("device", device);
        writer.WriteStartArray("passes");
        foreach (PassTiming timing in timings)
        {
            PassCase kind = timing.Case;
            writer.WriteStartObject();
            writer.WriteString("pass", kind.Sequences == 0 ? "prefill" : "decode");
            writer.WriteNumber("sequences", Math.Max(1, kind.Sequences));
            writer.WriteNumber("prefix", kind.Prefix);
            writer.WriteNumber("own", kind.Own);
            writer.WriteBoolean("sharing", kind.Share);
            writer.WriteNumber("tokens", timing.Tokens);
            writer.WriteNumber("median_seconds", timing.MedianSeconds);
            writer.WriteNumber("best_seconds", timing.BestSeconds);
            writer.WriteNumber("tokens_per_second", timing.TokensPerSecond);
            writer.WriteNumber("weight_bytes", timing.Cost.WeightBytes);
            writer.WriteNumber("kv_bytes", timing.Cost.KvBytes);
            writer.WriteNumber("flops", timing.Cost.Flops);
            ProfileJson.WriteCeilings(writer, timing.Ceilings);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static string Percent(double value, double? ceiling) =>
        ceiling is { } most ? (value / most).ToString("0 %", CultureInfo.InvariantCulture) : "-";
}
