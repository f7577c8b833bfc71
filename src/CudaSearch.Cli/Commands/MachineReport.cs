using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using CudaSearch.Backends;
using CudaSearch.Backends.Cpu;
using CudaSearch.Checkpoints;
using CudaSearch.Cuda;
using CudaSearch.Evaluation;

namespace CudaSearch.Cli.Commands;

/// <summary>One of the embedded models.</summary>
/// <param name="Directory">Where it is looked for.</param>
/// <param name="Bytes">Bytes of weights; 0 when it cannot be used.</param>
/// <param name="Fault">Why it cannot be used; null when it can.</param>
internal sealed record ModelReport(string Directory, long Bytes, string? Fault)
{
    /// <summary>Looks at one of the pair.</summary>
    public static ModelReport Of(string role)
    {
        string directory = Workbench.ResolveModel(Workbench.TinyMath, role);
        try
        {
            using Checkpoint checkpoint = Checkpoint.Open(directory);
            return new ModelReport(directory, checkpoint.ByteLength, null);
        }
        catch (CudaSearchException e)
        {
            return new ModelReport(directory, 0, e.Message);
        }
    }
}

/// <summary>What <c>doctor</c> finds.</summary>
internal sealed record MachineReport
{
    public required string Backend { get; init; }

    /// <summary>The device that <c>--device auto</c> takes, in words.</summary>
    public required string Device { get; init; }

    public required CudaInfo Cuda { get; init; }

    /// <summary>The GPU that <c>--device auto</c> takes; null for the CPU.</summary>
    public required int? UsedGpu { get; init; }

    public ModelReport Generator { get; } = ModelReport.Of("generator");

    public ModelReport Prm { get; } = ModelReport.Of("prm");

    public string Version { get; } = typeof(MachineReport).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "?";

    public string System { get; } = RuntimeInformation.OSDescription;

    public string Architecture { get; } = RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();

    public string Runtime { get; } = RuntimeInformation.FrameworkDescription;

    public string Processor { get; } = ProcessorName();

    public int Threads { get; } = Environment.ProcessorCount;

    public IReadOnlyList<string> Features { get; } = [.. FeatureList()];

    public IReadOnlyList<string> VectorPaths { get; } = CpuBackend.Paths;

    /// <summary>Memory that this process may use, container limits included.</summary>
    public long MemoryBytes { get; } = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    /// <summary>Which products and attention run on the CPU: the native library's, or managed code and why.</summary>
    public string NativeReason { get; } =
        CpuBackend.NativeLibrary is { } library ? $"{CpuBackend.Paths[0]} of {library}" : $"managed: {CpuBackend.NativeFault}";

    /// <summary>Looks at the machine.</summary>
    public static MachineReport Take()
    {
        CudaInfo cuda = CudaInfo.Take();
        using IBackend backend = Devices.Open("auto", threads: 0, out _);
        int? used = backend.Name == "cuda" ? cuda.Devices.FirstOrDefault(device => device.Fault is null)?.Index : null;
        return new MachineReport { Backend = backend.Name, Device = backend.Device, Cuda = cuda, UsedGpu = used };
    }

    private static string ProcessorName()
    {
        try
        {
            string? line = File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal));
            if (line?.Split(':', 2) is [_, string name]) return name.Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Not Linux, or hidden from us.
        }
        return "unknown processor";
    }

    private static IEnumerable<string> FeatureList()
    {
        (bool Supported, string Name)[] all =
        [
            (Avx2.IsSupported, "AVX2"), (Fma.IsSupported, "FMA"), (Avx512F.IsSupported, "AVX-512F"), (Avx512BW.IsSupported, "AVX-512BW"),
            (Avx512Vbmi.IsSupported, "AVX-512VBMI"), (AvxVnni.IsSupported, "AVX-VNNI"), (AdvSimd.IsSupported, "AdvSIMD"), (Dp.IsSupported, "DotProd"),
        ];
        return all.Where(feature => feature.Supported).Select(feature => feature.Name);
    }
}
