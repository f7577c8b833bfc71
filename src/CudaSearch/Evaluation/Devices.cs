using System.Globalization;
using CudaSearch.Backends;
using CudaSearch.Backends.Cpu;
using CudaSearch.Backends.Cuda;
using CudaSearch.Cuda;

namespace CudaSearch.Evaluation;

/// <summary>What <c>--device</c> means on this machine.</summary>
public static class Devices
{
    private const string CudaPrefix = "cuda:";

    /// <summary>
    /// Opens a device: <c>auto</c> is the first GPU that opens, else the CPU; <c>cpu</c> and <c>cuda[:i]</c> are what they say, and no other is taken for
    /// them.
    /// </summary>
    /// <param name="device">The option's value.</param>
    /// <param name="threads">Threads of the CPU backend; 0 takes all cores.</param>
    /// <param name="dependentLaunch">Whether kernels on a GPU may start before the kernel before them has ended; see <see cref="CudaBackend"/>.</param>
    /// <param name="note">Why <c>auto</c> passes a GPU or a driver by that is there; null when there is nothing to say.</param>
    /// <exception cref="CudaSearchException">It is none of these, or the GPU that was named cannot be used.</exception>
    public static IBackend Open(string device, int threads, out string? note, bool dependentLaunch = true)
    {
        note = null;
        if (!dependentLaunch && device is "cpu") throw CudaSearchException.BadInput("--pdl off is for a GPU; leave it out, or say --device cuda");
        return device switch
        {
            "auto" => OpenGpu(dependentLaunch, out note) ?? CpuBackend.Create(threads),
            "cpu" => CpuBackend.Create(threads),
            "cuda" => new CudaBackend(0, dependentLaunch),
            _ when device.StartsWith(CudaPrefix, StringComparison.Ordinal)
                && int.TryParse(device.AsSpan(CudaPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int index) =>
                new CudaBackend(index, dependentLaunch),
            _ => throw CudaSearchException.BadInput($"--device {device} is unknown; use auto, cpu or cuda[:i]"),
        };
    }

    /// <summary>As <see cref="Open"/>, for passes that are to be taken apart.</summary>
    public static IProfiledBackend OpenProfiled(string device, int threads, out string? note, bool dependentLaunch = true)
    {
        IBackend backend = Open(device, threads, out note, dependentLaunch);
        return backend as IProfiledBackend ?? CpuBackend.WithStopwatch(backend);
    }

    // Opening is the test: a device is started once, and the others not at all.
    private static CudaBackend? OpenGpu(bool dependentLaunch, out string? note)
    {
        note = null;
        try
        {
            int count = CudaDriver.Load().DeviceCount;
            for (int index = 0; index < count; index++)
            {
                try
                {
                    return new CudaBackend(index, dependentLaunch);
                }
                catch (CudaSearchException fault)
                {
                    note ??= $"cuda:{index} is not used: {fault.Message}";
                }
            }
        }
        catch (CudaSearchException fault) when (fault.InnerException is DllNotFoundException)
        {
            // A machine without a driver has no GPU to pass by.
        }
        catch (CudaSearchException fault)
        {
            note = $"no GPU is used: {fault.Message}";
        }
        return null;
    }
}
