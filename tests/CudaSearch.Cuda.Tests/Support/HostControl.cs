using System.Runtime.InteropServices;
using System.Text;

namespace CudaSearch.Cuda.Tests.Support;

/// <summary>What the host device counts, since it was loaded; the fields are those of <c>hostcuda_counters</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct HostCounters
{
    public long Launches;
    public long GraphLaunches;
    public long KernelsRun;
    public long DeviceAllocations;
    public long HostAllocations;
    public long Copies;
    public long CopiesRun;
    public long Synchronizations;
    public long ModulesLoaded;
    public long LiveDeviceAllocations;
    public long LiveDeviceBytes;
    public long LiveHostAllocations;
    public long DependentKernelsRun;
    public long OverlappingGraphLaunches;
}

/// <summary>What the host device does on request and a GPU does not. Everything here skips the test on a GPU.</summary>
internal static unsafe class HostControl
{
    /// <summary>The counters at this moment.</summary>
    public static HostCounters Counters
    {
        get
        {
            HostCounters counters = default;
            ((delegate* unmanaged<HostCounters*, ulong, void>)Function("hostcuda_statistics"))(&counters, (ulong)sizeof(HostCounters));
            return counters;
        }
    }

    /// <summary>The NVTX ranges that this thread began and ended since it was last asked, such as <c>pass{}</c>.</summary>
    public static string Ranges => Marshal.PtrToStringUTF8((nint)((delegate* unmanaged<byte*>)Function("hostcuda_ranges"))())!;

    /// <summary>The order of execution from now on: 0 is in order, anything else seeds a shuffle.</summary>
    public static void SetSchedule(ulong seed) => ((delegate* unmanaged<ulong, void>)Function("hostcuda_set_schedule"))(seed);

    /// <summary>Runs an action as if another process had taken all device memory but so many bytes.</summary>
    public static void WithFreeMemory(long bytes, Action action)
    {
        var setMemory = (delegate* unmanaged<ulong, void>)Function("hostcuda_set_memory");
        setMemory((ulong)bytes);
        try
        {
            action();
        }
        finally
        {
            setMemory(ulong.MaxValue);
        }
    }

    /// <summary>Runs an action during which one driver call fails: the next one of that name, or the one that comes so many calls after it.</summary>
    public static void WithFailure(string call, int result, Action action, long after = 0)
    {
        var failNext = (delegate* unmanaged<byte*, int, ulong, int>)Function("hostcuda_fail_next");
        fixed (byte* name = Encoding.UTF8.GetBytes(call + "\0"))
            Assert.True(failNext(name, result, (ulong)after) == 0, $"the host device has no {call}");
        try
        {
            action();
        }
        finally
        {
            _ = failNext(null, 0, 0);
        }
    }

    private static nint Function(string name)
    {
        TestDevice.RequireHost();
        TestDevice.Select();
        CudaDriver.Load();
        nint function = DriverLibrary.OptionalExport(name);
        Assert.True(function != 0, $"'{DriverLibrary.Path}' is not the host device: it has no {name}");
        return function;
    }
}
