using System.Text.Json;
using CudaSearch.Backends;
using CudaSearch.Evaluation.Throughput;

namespace CudaSearch.Cli.Rendering;

/// <summary>Passes taken apart, as one JSON document. Times are in seconds, memory in bytes.</summary>
internal static class ProfileJson
{
    public static void Write(Utf8JsonWriter writer, string model, string backend, string device, IReadOnlyList<PassProfile> profiles)
    {
        writer.WriteStartObject();
        writer.WriteString("model", model);
        writer.WriteString("backend", backend);
        writer.WriteString("device", device);
        writer.WriteStartArray("passes");
        foreach (PassProfile profile in profiles) Write(writer, profile);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    /// <summary>The device's ceilings, as a member of that name; nothing where there are none.</summary>
    public static void WriteCeilings(Utf8JsonWriter writer, Ceilings? ceilings)
    {
        if (ceilings is not { } most) return;
        writer.WriteStartObject("ceilings");
        writer.WriteNumber("bytes_per_second", most.BytesPerSecond);
        if (most.CopiedBytesPerSecond is { } copied) writer.WriteNumber("copied_bytes_per_second", copied);
        writer.WriteNumber("operations_per_second", most.OperationsPerSecond);
        writer.WriteString("operations", most.Operations);
        writer.WriteEndObject();
    }

    /// <summary>Time, cost and rates of some work, as members of the object at hand.</summary>
    public static void WriteFigures(Utf8JsonWriter writer, double seconds, OperationCost cost, Ceilings? ceilings)
    {
        writer.WriteNumber("seconds", seconds);
        writer.WriteNumber("bytes", cost.Bytes);
        writer.WriteNumber("flops", cost.Flops);
        writer.WriteNumber("bytes_per_second", cost.Bytes / seconds);
        writer.WriteNumber("flops_per_second", cost.Flops / seconds);
        if (ceilings is not { } most) return;
        writer.WriteNumber("floor_seconds", cost.FloorSeconds(most));
        writer.WriteString("bound", cost.IsComputeBound(most) ? "compute" : "memory");
        writer.WriteNumber("of_ceiling", cost.FloorSeconds(most) / seconds);
    }

    private static void Write(Utf8JsonWriter writer, PassProfile profile)
    {
        PassCase kind = profile.Case;
        writer.WriteStartObject();
        writer.WriteString("pass", kind.Sequences == 0 ? "prefill" : "decode");
        writer.WriteNumber("sequences", Math.Max(1, kind.Sequences));
        writer.WriteNumber("prefix", kind.Prefix);
        writer.WriteNumber("own", kind.Own);
        writer.WriteBoolean("sharing", kind.Share);
        writer.WriteNumber("tokens", profile.Tokens);
        writer.WriteNumber("seconds", profile.WholeSeconds);
        writer.WriteNumber("observed_seconds", profile.ObservedSeconds);
        writer.WriteNumber("kernel_seconds", profile.KernelSeconds);
        writer.WriteNumber("observed_gap_seconds", profile.ObservedGapSeconds);
        writer.WriteNumber("gap_seconds", profile.WholeGapSeconds);
        if (profile is { FloorSeconds: { } floor, KernelFloorSeconds: { } kernelFloor })
        {
            writer.WriteNumber("floor_seconds", floor);
            writer.WriteNumber("kernel_floor_seconds", kernelFloor);
        }
        writer.WriteNumber("weight_bytes", profile.Cost.WeightBytes);
        writer.WriteNumber("kv_bytes", profile.Cost.KvBytes);
        writer.WriteNumber("flops", profile.Cost.Flops);
        WriteCeilings(writer, profile.Ceilings);
        writer.WriteStartArray("kernels");
        foreach (KernelProfile kernel in profile.Kernels)
        {
            writer.WriteStartObject();
            writer.WriteString("name", kernel.Name);
            writer.WriteString("shape", kernel.Shape);
            writer.WriteNumber("launches", kernel.Launches);
            WriteFigures(writer, kernel.Seconds, kernel.Cost, profile.Ceilings);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}
