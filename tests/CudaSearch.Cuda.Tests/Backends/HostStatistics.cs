using System.Runtime.InteropServices;
using CudaSearch.Cuda.Tests.Support;

namespace CudaSearch.Cuda.Tests.Backends;

/// <summary>What the host device has counted (tests/hostcuda/driver/control.h).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct HostStatistics
{
    public ulong Launches, GraphLaunches, KernelsRun, DeviceAllocations, HostAllocations, Copies, CopiesRun, Synchronizations, ModulesLoaded;

    /// <summary>The counters at this moment; skips the test on a GPU, which does not count.</summary>
    public static unsafe HostStatistics Now()
    {
        TestDevice.RequireHost();
        var export = (delegate* unmanaged<HostStatistics*, ulong, void>)DriverLibrary.OptionalExport("hostcuda_statistics");
        Assert.True(export != null, "the driver is not the host device");
        HostStatistics now;
        export(&now, (ulong)sizeof(HostStatistics));
        return now;
    }
}
