using System.Globalization;
using System.Text.Json;
using CudaSearch.Backends;
using CudaSearch.Cli.Rendering;

namespace KernelBench;

/// <summary>Everything that was measured on one device.</summary>
/// <param name="Device">Its name and kernels.</param>
/// <param name="IsHostDevice">It is the CPU in disguise: its times say nothing of a GPU.</param>
/// <param name="Ceilings">The better of two measurements, before and after.</param>
/// <param name="Sizes">In the order in which they ran.</param>
internal sealed record BenchReport(string Device, bool IsHostDevice, Ceilings Ceilings, IReadOnlyList<SizeResult> Sizes) : IReport
{
    /// <summary>What every report says of the host device.</summary>
    internal const string HostNote = "the host device: times are the CPU's, who is fastest is not measured";

    /// <inheritdoc/>
    public bool IsFaulty => Sizes.Any(size => size.Results.Any(result => result.Fault is not null));

    /// <summary>A table a size, then who is fastest, and what the same bits in every batch cost.</summary>
    public void Write(TextWriter output)
    {
        output.WriteLine(Device);
        if (IsHostDevice) output.WriteLine(HostNote);
        output.WriteLine(ProfileTable.Describe(Ceilings));
        foreach (SizeResult size in Sizes) Write(output, size);
        if (IsHostDevice) return;
        output.WriteLine();
        output.WriteLine($"{"product",-8} {"n",7} {"k",6} {"m",6}  {"fastest",-12}  {"of mma's bits",-13}  cost of the same bits in every batch");
        foreach (SizeResult size in Sizes)
        {
            if (size is not { Fastest: { } fastest } || size.FastestOfTheSameBits(Sizes) is not { } same) continue;
            output.WriteLine(Text(
                $"{size.Shape.Name,-8} {size.Shape.N,7} {size.Shape.K,6} {size.M,6}  {fastest.Rung.Name,-12}  {same.Rung.Name,-13}  {same.Seconds / fastest.Seconds - 1:0.0 %}"));
        }
    }

    /// <inheritdoc/>
    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("device", Device);
        writer.WriteBoolean("measured", !IsHostDevice);
        ProfileJson.WriteCeilings(writer, Ceilings);
        writer.WriteStartArray("sizes");
        foreach (SizeResult size in Sizes) Write(writer, size);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private void Write(TextWriter output, SizeResult size)
    {
        output.WriteLine();
        output.WriteLine(Text($"{size.Shape.Name}: n {size.Shape.N}, k {size.Shape.K}, m {size.M}"));
        output.WriteLine($"{"rung",-12}  {ProfileTable.FiguresHeader}  {"bits",-6}  {"rows",-6}  idea");
        foreach (RungResult result in size.Results)
        {
            string figures = ProfileTable.Figures(result.Seconds, size.Cost, Ceilings), mark = !IsHostDevice && result == size.Fastest ? "  <- fastest" : "";
            output.WriteLine($"{result.Rung.Name,-12}  {figures}  {(result.SameBits ? "same" : "differ"),-6}  {(result.Steady ? "steady" : "vary"),-6}  {result.Rung.Idea}{mark}");
            if (result.Fault is not null) output.WriteLine($"  WRONG: {result.Fault}");
        }
        if (size.PeerSeconds is { } seconds) output.WriteLine($"{"cuBLAS",-12}  {ProfileTable.Figures(seconds, size.Cost, Ceilings)}");
    }

    private void Write(Utf8JsonWriter writer, SizeResult size)
    {
        writer.WriteStartObject();
        writer.WriteString("product", size.Shape.Name);
        writer.WriteNumber("n", size.Shape.N);
        writer.WriteNumber("k", size.Shape.K);
        writer.WriteNumber("m", size.M);
        if (!IsHostDevice)
        {
            writer.WriteString("fastest", size.Fastest?.Rung.Name);
            writer.WriteString("fastest_of_the_same_bits", size.FastestOfTheSameBits(Sizes)?.Rung.Name);
        }
        if (size.PeerSeconds is { } seconds) writer.WriteNumber("cublas_seconds", seconds);
        writer.WriteStartArray("rungs");
        foreach (RungResult result in size.Results)
        {
            writer.WriteStartObject();
            writer.WriteString("rung", result.Rung.Name);
            writer.WriteString("fault", result.Fault);
            writer.WriteBoolean("same_bits", result.SameBits);
            writer.WriteBoolean("steady", result.Steady);
            ProfileJson.WriteFigures(writer, result.Seconds, size.Cost, Ceilings);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
