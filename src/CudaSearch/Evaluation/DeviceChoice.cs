using System.Globalization;
using CudaSearch.Backends;
using CudaSearch.Backends.Cpu;
using CudaSearch.Backends.Cuda;
using CudaSearch.Cuda;

namespace CudaSearch.Evaluation;

/// <summary>Which device <c>--device</c> means on this machine.</summary>
/// <param name="Cuda">The number of the GPU; null for the CPU.</param>
/// <param name="Note">Why <c>auto</c> passes a GPU by that is there; null when there is nothing to say.</param>
public sealed record DeviceChoice(int? Cuda, string? Note = null)
{
    private const string CudaPrefix = "cuda:";

    /// <summary>
    /// <c>auto</c> is the first GPU that can be used, else the CPU; <c>cpu</c> and <c>cuda[:i]</c> are what they say, and no other is taken for them.
    /// </summary>
    /// <exception cref="CudaSearchException">It is none of these.</exception>
    public static DeviceChoice Of(string device) => device switch
    {
        "auto" => Best(CudaInfo.Take()),
        "cpu" => new DeviceChoice(Cuda: null),
        "cuda" => new DeviceChoice(0),
        _ when device.StartsWith(CudaPrefix, StringComparison.Ordinal)
            && int.TryParse(device.AsSpan(CudaPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int index) => new DeviceChoice(index),
        _ => throw CudaSearchException.BadInput($"--device {device} is unknown; use auto, cpu or cuda[:i]"),
    };

    /// <summary>What <c>auto</c> takes of what there is.</summary>
    public static DeviceChoice Best(CudaInfo cuda)
    {
        if (cuda.Devices.FirstOrDefault(device => device.Fault is null) is { } usable) return new DeviceChoice(usable.Index);
        return new DeviceChoice(Cuda: null, cuda.Devices is [{ } device, ..] ? $"{device.Name} (cuda:{device.Index}) is not used: {device.Fault}" : null);
    }

    /// <summary>Opens the device.</summary>
    /// <param name="threads">Threads of the CPU backend; 0 takes all cores.</param>
    /// <exception cref="CudaSearchException">The GPU cannot be used; never is the CPU taken instead.</exception>
    public IBackend Open(int threads) => Cuda is { } index ? new CudaBackend(index) : CpuBackend.Create(threads);
}
