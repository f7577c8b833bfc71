namespace CudaSearch.Cuda;

/// <summary>
/// A folder of kernel images, one file an operation: <c>rmsnorm.fatbin</c>, <c>rmsnorm.ptx</c> or, for the host device, <c>rmsnorm.so</c>.
/// </summary>
internal sealed class KernelImages
{
    /// <summary>The environment variable that names the folder.</summary>
    internal const string Variable = "CUDASEARCH_KERNELS";

    // Ready-made machine code first; it loads fastest.
    private static readonly (string Extension, string Kind)[] s_kinds =
        [(".fatbin", "fat binary"), (".cubin", "cubin"), (".ptx", "PTX"), (".so", "host module")];

    private KernelImages(string folder, string extension, string description)
    {
        Folder = folder;
        Extension = extension;
        Description = description;
    }

    /// <summary>Where the images lie.</summary>
    public string Folder { get; }

    /// <summary>How their names end.</summary>
    public string Extension { get; }

    /// <summary>What they are, such as <c>sm_90a PTX</c>.</summary>
    public string Description { get; }

    /// <summary>
    /// The images for a device: those of <paramref name="folder"/> or of <c>CUDASEARCH_KERNELS</c> where one is given, otherwise the fat
    /// binaries
    /// beside the program, otherwise the PTX for the newest target that the device can run.
    /// </summary>
    /// <exception cref="CudaSearchException"><see cref="Failure.DeviceUnavailable"/>: there are none, or the device is too old for
    /// them.</exception>
    public static KernelImages Find(string? folder, string deviceName, Version capability)
    {
        folder ??= Environment.GetEnvironmentVariable(Variable);
        if (!string.IsNullOrEmpty(folder)) return TryOpen(folder) ?? throw Missing(folder);
        return FindBeside(Path.Combine(AppContext.BaseDirectory, "kernels"), deviceName, capability);
    }

    /// <summary>
    /// The images for a device among those of a build: a folder for each target, and one of fat binaries where there was an nvcc.
    /// </summary>
    internal static KernelImages FindBeside(string root, string deviceName, Version capability)
    {
        string target = TargetFor(deviceName, capability);
        return TryOpen(Path.Combine(root, "fatbin")) ?? TryOpen(Path.Combine(root, target)) ?? throw Missing(Path.Combine(root, target));
    }

    /// <summary>
    /// The newest target of the build that a device can run. PTX runs on every later device, except that of sm_90a, which runs on 9.0
    /// alone.
    /// </summary>
    internal static string TargetFor(string deviceName, Version capability)
    {
        if (capability == new Version(9, 0)) return "sm_90a";
        if (capability >= new Version(8, 9)) return "sm_89";
        if (capability >= new Version(8, 0)) return "sm_80";
        throw new CudaSearchException(
            Failure.DeviceUnavailable,
            $"{deviceName} has compute capability {capability}; the kernels need 8.0 (Ampere) or newer; use --device cpu");
    }

    /// <summary>The bytes of one operation's image.</summary>
    /// <exception cref="CudaSearchException">There is no such file.</exception>
    public byte[] Read(string operation)
    {
        string file = Path.Combine(Folder, operation + Extension);
        try
        {
            return File.ReadAllBytes(file);
        }
        catch (IOException e)
        {
            throw new CudaSearchException(
                Failure.DeviceUnavailable, $"the kernel image '{file}' cannot be read: {e.Message}; build the project again", e);
        }
    }

    private static KernelImages? TryOpen(string folder)
    {
        if (!Directory.Exists(folder)) return null;
        foreach ((string extension, string kind) in s_kinds)
        {
            if (!Directory.EnumerateFiles(folder, "*" + extension).Any()) continue;
            string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
            return new KernelImages(folder, extension, extension == ".fatbin" ? kind : $"{name} {kind}");
        }
        return null;
    }

    private static CudaSearchException Missing(string folder) => new(
        Failure.DeviceUnavailable,
        $"there are no kernel images in '{folder}'; " +
        $"build with clang 19 or nvcc 12.4 (or newer) installed, or name a folder that has them in {Variable}");
}
