using System.CommandLine;
using System.Text.Json;
using CudaSearch.Backends.Cpu;
using CudaSearch.Cuda;

namespace CudaSearch.Cli.Commands;

/// <summary><c>doctor</c>: what this machine has, what of it will be used, and why not the rest.</summary>
internal static class DoctorCommand
{
    public static Command Create(CommandHost host)
    {
        var json = new Option<bool>("--json") { Description = "print the result as one JSON document" };
        var command = new Command("doctor", "Shows what this machine has, what will be used, and why not the rest.") { json };
        command.SetAction((parsed, _) =>
        {
            MachineReport report = MachineReport.Take();
            if (parsed.GetValue(json)) JsonOutput.Write(host.Output, writer => WriteJson(writer, report));
            else WriteText(host.Output, report);
            return Task.FromResult(ExitStatus.Done);
        });
        return command;
    }

    private static void WriteText(TextWriter output, MachineReport report)
    {
        output.WriteLine($"system      {report.System}, {report.Architecture}");
        output.WriteLine($"runtime     {report.Runtime}, CudaSearch {report.Version}");
        output.WriteLine($"processor   {report.Processor}, {report.Threads} threads");
        output.WriteLine($"features    {string.Join(", ", report.Features)}");
        output.WriteLine($"vectors     {report.VectorPaths[0]} is used; {string.Join(", ", report.VectorPaths)} run here");
        output.WriteLine($"memory      {report.MemoryBytes / (double)(1 << 30):0.0} GiB available to this process");
        output.WriteLine($"device      {report.Device}");
        WriteCuda(output, report);
        output.WriteLine($"matmul      {report.NativeReason}");
        output.WriteLine($"generator   {Describe(report.Generator)}");
        output.WriteLine($"prm         {Describe(report.Prm)}");

        static string Describe(ModelReport model) => model.Fault is { } fault ? $"tinymath not usable: {fault}" : $"tinymath, {model.Bytes / 1e6:0.0} MB in {model.Directory}";
    }

    private static void WriteCuda(TextWriter output, MachineReport report)
    {
        CudaInfo cuda = report.Cuda;
        output.WriteLine(cuda.DriverVersion is { } version ? $"cuda        driver for CUDA {version} ({cuda.DriverPath})" : $"cuda        not used: {cuda.Fault}");
        foreach (CudaDeviceInfo device in cuda.Devices)
        {
            string use = device.Fault is { } fault ? $"not usable: {fault}" : $"{device.Kernels}{(device.Index == report.UsedGpu ? ", used" : "")}";
            output.WriteLine(
                $"cuda:{device.Index}      {device.Name}, compute capability {device.ComputeCapability}, {Gibibytes(device.FreeMemory)} of {Gibibytes(device.TotalMemory)} GiB free; {use}");
        }
        output.WriteLine(cuda.NvtxFile is { } nvtx ? $"nvtx        passes are named in timelines ({nvtx})" : $"nvtx        not used: {cuda.NvtxFault}");

        static string Gibibytes(long bytes) => $"{bytes / (double)(1 << 30):0.0}";
    }

    private static void WriteJson(Utf8JsonWriter writer, MachineReport report)
    {
        writer.WriteStartObject();
        writer.WriteString("version", report.Version);
        writer.WriteString("system", report.System);
        writer.WriteString("architecture", report.Architecture);
        writer.WriteString("runtime", report.Runtime);
        writer.WriteString("processor", report.Processor);
        writer.WriteNumber("threads", report.Threads);
        WriteList("features", report.Features);
        WriteList("vector_paths", report.VectorPaths);
        writer.WriteNumber("memory_bytes", report.MemoryBytes);
        writer.WriteString("backend", report.Backend);
        writer.WriteString("device", report.Device);
        writer.WriteStartObject("cuda");
        writer.WriteString("driver", report.Cuda.DriverVersion?.ToString());
        writer.WriteString("library", report.Cuda.DriverPath);
        writer.WriteBoolean("used", report.UsedGpu is not null);
        writer.WriteString("reason", report.Cuda.Fault);
        writer.WriteStartArray("devices");
        foreach (CudaDeviceInfo device in report.Cuda.Devices)
        {
            writer.WriteStartObject();
            writer.WriteNumber("index", device.Index);
            writer.WriteString("name", device.Name);
            writer.WriteString("compute_capability", device.ComputeCapability.ToString());
            writer.WriteNumber("total_memory", device.TotalMemory);
            writer.WriteNumber("free_memory", device.FreeMemory);
            writer.WriteString("kernels", device.Kernels);
            writer.WriteString("fault", device.Fault);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.WriteStartObject("nvtx");
        writer.WriteString("library", report.Cuda.NvtxFile);
        writer.WriteString("reason", report.Cuda.NvtxFault);
        writer.WriteEndObject();
        writer.WriteStartObject("native_matmul");
        writer.WriteBoolean("used", CpuBackend.NativeLibrary is not null);
        writer.WriteString("reason", report.NativeReason);
        writer.WriteEndObject();
        writer.WriteStartObject("tinymath");
        WriteModel("generator", report.Generator);
        WriteModel("prm", report.Prm);
        writer.WriteEndObject();
        writer.WriteEndObject();

        void WriteList(string name, IReadOnlyList<string> values)
        {
            writer.WriteStartArray(name);
            foreach (string value in values) writer.WriteStringValue(value);
            writer.WriteEndArray();
        }

        void WriteModel(string name, ModelReport model)
        {
            writer.WriteStartObject(name);
            writer.WriteString("directory", model.Directory);
            writer.WriteNumber("bytes", model.Bytes);
            writer.WriteString("fault", model.Fault);
            writer.WriteEndObject();
        }
    }
}
