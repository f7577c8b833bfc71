using System.Globalization;
using System.Text.Json;
using CudaSearch.Backends;
using CudaSearch.Cli.Rendering;

namespace KernelBench;

/// <summary>Everything that was measured of attention on one device.</summary>
/// <param name="Device">Its name and kernels.</param>
/// <param name="IsHostDevice">It is the CPU in disguise: its times say nothing of a GPU.</param>
/// <param name="Ceilings">The better of two measurements, before and after.</param>
/// <param name="Sizes">In the order in which they ran.</param>
internal sealed record PrefillReport(string Device, bool IsHostDevice, Ceilings Ceilings, IReadOnlyList<PrefillSize> Sizes) : IReport
{
    /// <inheritdoc/>
    public bool IsFaulty => Sizes.Any(size => size.Results.Any(result => result.Fault is not null));

    /// <inheritdoc/>
    public void Write(TextWriter output)
    {
        output.WriteLine(Device);
        if (IsHostDevice) output.WriteLine(BenchReport.HostNote);
        output.WriteLine(ProfileTable.Describe(Ceilings));
        foreach (PrefillSize size in Sizes)
        {
            output.WriteLine();
            output.WriteLine(Text($"attention: {size.Shape.Heads} heads over {size.Shape.KvHeads} of {size.Shape.HeadDim}, {size.Rows} rows behind {size.Context} keys"));
            output.WriteLine($"{"kernel",-12}  {ProfileTable.FiguresHeader}  {"bits",-6}  {"rows",-6}  idea");
            foreach (PrefillResult result in size.Results)
            {
                string figures = ProfileTable.Figures(result.Seconds, size.Cost, Ceilings);
                output.WriteLine($"{result.Name,-12}  {figures}  {(result.SameBits ? "same" : "differ"),-6}  {(result.Steady ? "steady" : "vary"),-6}  {result.Idea}");
                if (result.Fault is not null) output.WriteLine($"  WRONG: {result.Fault}");
            }
        }
    }

    /// <inheritdoc/>
    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("device", Device);
        writer.WriteBoolean("measured", !IsHostDevice);
        ProfileJson.WriteCeilings(writer, Ceilings);
        writer.WriteStartArray("attention");
        foreach (PrefillSize size in Sizes)
        {
            writer.WriteStartObject();
            writer.WriteNumber("heads", size.Shape.Heads);
            writer.WriteNumber("kv_heads", size.Shape.KvHeads);
            writer.WriteNumber("head_dim", size.Shape.HeadDim);
            writer.WriteNumber("rows", size.Rows);
            writer.WriteNumber("context", size.Context);
            writer.WriteStartArray("kernels");
            foreach (PrefillResult result in size.Results)
            {
                writer.WriteStartObject();
                writer.WriteString("kernel", result.Name);
                writer.WriteString("fault", result.Fault);
                writer.WriteBoolean("same_bits", result.SameBits);
                writer.WriteBoolean("steady", result.Steady);
                ProfileJson.WriteFigures(writer, result.Seconds, size.Cost, Ceilings);
                writer.WriteEndObject();
            }
            writer.WriteEndArray();
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
