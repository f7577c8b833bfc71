namespace CudaSearch.Cuda;

/// <summary>A CUDA device as <c>doctor</c> shows it.</summary>
/// <param name="Index">Its number, as in <c>cuda:1</c>.</param>
/// <param name="Name">Its name.</param>
/// <param name="ComputeCapability">Its compute capability, 9.0 for Hopper.</param>
/// <param name="TotalMemory">Bytes of memory.</param>
/// <param name="FreeMemory">Bytes that nobody uses at this moment; 0 when the device does not start.</param>
/// <param name="Kernels">The kernel images chosen for it, such as <c>sm_90a PTX</c>; null when it cannot be used.</param>
/// <param name="Fault">Why it cannot be used; null when it can.</param>
public sealed record CudaDeviceInfo(
    int Index, string Name, Version ComputeCapability, long TotalMemory, long FreeMemory, string? Kernels, string? Fault)
{
    /// <summary>Looks at one device: starts it, and looks for kernel images that fit.</summary>
    internal static CudaDeviceInfo Of(int index)
    {
        try
        {
            using var context = new CudaContext(index);
            string? kernels = null, fault = null;
            try
            {
                kernels = KernelImages.Find(null, context.Name, context.ComputeCapability).Description;
            }
            catch (CudaSearchException e)
            {
                fault = e.Message;
            }
            return new CudaDeviceInfo(
                index, context.Name, context.ComputeCapability, context.TotalMemory, context.FreeMemory, kernels, fault);
        }
        catch (Exception e) when (e is CudaException or CudaSearchException)
        {
            return new CudaDeviceInfo(index, $"device {index}", new Version(0, 0), 0, 0, null, e.Message);
        }
    }
}

/// <summary>What there is of CUDA on this machine, or why there is nothing. Looking never throws.</summary>
public sealed record CudaInfo
{
    private CudaInfo()
    {
    }

    /// <summary>The driver's library.</summary>
    public string DriverPath { get; } = DriverLibrary.Path;

    /// <summary>The CUDA version that the driver supports; null when it cannot be used.</summary>
    public Version? DriverVersion { get; private init; }

    /// <summary>Why no device can be used at all; null when the driver has some.</summary>
    public string? Fault { get; private init; }

    /// <summary>The library that names passes in timelines; null where there is none.</summary>
    public string? NvtxFile { get; } = Nvtx.Installed.File;

    /// <summary>Why passes are not named in timelines; null where they are.</summary>
    public string? NvtxFault { get; } = Nvtx.Installed.Fault;

    /// <summary>The devices that the driver shows.</summary>
    public IReadOnlyList<CudaDeviceInfo> Devices { get; private init; } = [];

    /// <summary>Looks at the driver and its devices.</summary>
    public static CudaInfo Take()
    {
        try
        {
            CudaDriver driver = CudaDriver.Load();
            CudaDeviceInfo[] devices = [.. Enumerable.Range(0, driver.DeviceCount).Select(CudaDeviceInfo.Of)];
            return new CudaInfo { DriverVersion = driver.Version, Devices = devices };
        }
        catch (CudaSearchException e)
        {
            return new CudaInfo { Fault = e.Message };
        }
    }
}
