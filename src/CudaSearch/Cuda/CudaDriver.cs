namespace CudaSearch.Cuda;

/// <summary>The CUDA driver of this machine, initialised.</summary>
internal sealed unsafe class CudaDriver
{
    /// <summary>
    /// The oldest usable driver, as the driver counts (1000 · major + 10 · minor): 12.4 is the first to know PTX 8.4, the version of the
    /// kernels.
    /// </summary>
    internal const int MinimumVersion = 12040;

    private static readonly Lock s_lock = new();
    private static CudaDriver? s_loaded;

    private CudaDriver(string path, int version, int deviceCount)
    {
        Path = path;
        Version = new Version(version / 1000, version % 1000 / 10);
        DeviceCount = deviceCount;
    }

    /// <summary>The library file.</summary>
    public string Path { get; }

    /// <summary>The CUDA version the driver supports, such as 12.8.</summary>
    public Version Version { get; }

    /// <summary>Devices that can be used; at least one.</summary>
    public int DeviceCount { get; }

    /// <summary>
    /// Finds, checks and initialises the driver on the first call; later calls return the same. A failure is tried anew each time.
    /// </summary>
    /// <exception cref="CudaSearchException"><see cref="Failure.DeviceUnavailable"/>: there is no library, it is too old, or it sees no
    /// device.</exception>
    public static CudaDriver Load()
    {
        lock (s_lock) return s_loaded ??= Initialize(DriverLibrary.Path);
    }

    /// <summary>Opens a driver file. The first that passes all checks becomes the process's driver.</summary>
    internal static CudaDriver Initialize(string path)
    {
        nint library = DriverLibrary.Open(path);
        var getVersion = (delegate* unmanaged<int*, int>)DriverLibrary.Export(library, path, "cuDriverGetVersion");
        var init = (delegate* unmanaged<uint, int>)DriverLibrary.Export(library, path, "cuInit");
        var getCount = (delegate* unmanaged<int*, int>)DriverLibrary.Export(library, path, "cuDeviceGetCount");
        int version;
        RequireVersion(path, getVersion(&version) == CudaResult.Success ? version : 0);
        // From here on the library is good enough to name its own errors.
        DriverLibrary.Use(library);
        int count = 0, result = init(0);
        if (result == CudaResult.Success) result = getCount(&count);
        RequireDevices(path, result, count);
        return new CudaDriver(path, version, count);
    }

    /// <summary>Refuses a driver that cannot load the kernels.</summary>
    internal static void RequireVersion(string path, int version)
    {
        if (version >= MinimumVersion) return;
        throw new CudaSearchException(
            Failure.DeviceUnavailable,
            $"the CUDA driver '{path}' is too old: it supports CUDA {Text(version)} and the kernels need {Text(MinimumVersion)}; " +
            "install NVIDIA driver 550 or newer, or use --device cpu");
    }

    /// <summary>Refuses a driver that does not start or has no device.</summary>
    internal static void RequireDevices(string path, int result, int count)
    {
        if (result == CudaResult.Success && count > 0) return;
        string found = result is CudaResult.Success or CudaResult.NoDevice
            ? "sees no device"
            : $"does not start: {CudaException.NameOf(result)} ({result})";
        string? visible = Environment.GetEnvironmentVariable("CUDA_VISIBLE_DEVICES");
        string hidden = visible is null ? "" : $" (CUDA_VISIBLE_DEVICES is '{visible}')";
        throw new CudaSearchException(
            Failure.DeviceUnavailable,
            $"the CUDA driver '{path}' {found}{hidden}; check that nvidia-smi lists a GPU, or use --device cpu");
    }

    private static string Text(int version) => $"{version / 1000}.{version % 1000 / 10}";
}
