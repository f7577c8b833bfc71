using System.Globalization;
using System.Text.Json;
using CudaSearch.Evaluation.Throughput;

namespace CudaSearch.Cli.Rendering;

/// <summary>One kernel over sizes, as <c>profile --kernel</c> prints it: a line a size, or one JSON document.</summary>
internal static class SweepReport
{
    public static void WriteLine(TextWriter output, SweepKernel kernel, string device, string? peer, SweepPoint point, bool first)
    {
        if (first)
        {
            output.WriteLine($"{kernel.Name} on {device}");
            if (point.Ceilings is { } ceilings) output.WriteLine(ProfileTable.Describe(ceilings));
            string columns = string.Concat(kernel.Sizes.Select(size => $"{size.Key,8}  ")) + (kernel.CanShare ? "sharing  " : "");
            output.WriteLine($"{columns}{ProfileTable.FiguresHeader}{(peer is null ? "" : $"  {peer + " us",10}  of it")}  kernel");
        }
        string sizes = string.Concat(kernel.Sizes.Select(size => $"{point.Sizes[size.Key],8}  ")) + (kernel.CanShare ? $"{(point.Share ? "on" : "off"),7}  " : "");
        string beside = point.PeerSeconds is { } seconds ? string.Create(CultureInfo.InvariantCulture, $"  {seconds * 1e6,10:0.0}  {seconds / point.Seconds,5:0 %}") : "";
        output.WriteLine($"{sizes}{ProfileTable.Figures(point.Seconds, point.Cost, point.Ceilings)}{beside}  {point.Names}");
    }

    public static void Write(Utf8JsonWriter writer, SweepKernel kernel, string backend, string device, string? peer, IReadOnlyList<SweepPoint> points)
    {
        writer.WriteStartObject();
        writer.WriteString("kernel", kernel.Name);
        writer.WriteString("backend", backend);
        writer.WriteString("device", device);
        writer.WriteString("peer", peer);
        writer.WriteStartArray("points");
        foreach (SweepPoint point in points)
        {
            writer.WriteStartObject();
            foreach (KeyValuePair<string, int> size in kernel.Sizes) writer.WriteNumber(size.Key, point.Sizes[size.Key]);
            if (kernel.CanShare) writer.WriteBoolean("sharing", point.Share);
            writer.WriteString("name", point.Names);
            ProfileJson.WriteFigures(writer, point.Seconds, point.Cost, point.Ceilings);
            if (point.PeerSeconds is { } seconds) writer.WriteNumber("peer_seconds", seconds);
            ProfileJson.WriteCeilings(writer, point.Ceilings);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}
