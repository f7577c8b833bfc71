using CudaSearch.Cuda.Tests.Support;
using static CudaSearch.Cuda.Tests.HostDevice.DriverCalls;

namespace CudaSearch.Cuda.Tests.HostDevice;

/// <summary>
/// A test of the stand-in driver through its bare entry points. Every test starts with an empty context and leaves one behind, so it need not
/// clean up, and may break the device as it likes.
/// </summary>
public abstract unsafe class DriverTest : IDisposable
{
    protected const int Success = 0;
    protected const int InvalidValue = 1;
    protected const int OutOfMemory = 2;
    protected const int InvalidContext = 201;
    protected const int InvalidHandle = 400;
    protected const int IllegalState = 401;
    protected const int NotFound = 500;
    protected const int NotReady = 600;
    protected const int IllegalAddress = 700;
    protected const int LaunchFailed = 719;
    protected const int NotSupported = 801;

    protected const uint Blocking = 0;
    protected const uint NonBlocking = 1;

    private readonly DeviceFixture _device;

    protected DriverTest(DeviceFixture device)
    {
        TestDevice.RequireHost();
        _device = device;
        _ = _device.Context; // loads the driver
        _device.Reset();
        _ = _device.Context;
    }

    /// <summary>The report of the last failure; empty when there was none.</summary>
    protected static string Report => DriverLibrary.LastKernelReport() ?? "";

    public void Dispose()
    {
        hostcuda_set_schedule(0);
        hostcuda_set_memory(ulong.MaxValue);
        hostcuda_set_protection(0);
        Assert.Equal(0, hostcuda_fail_next(null, 0, 0));
        _device.Reset();
        GC.SuppressFinalize(this);
    }

    /// <summary>For a test whose kernel does what AddressSanitizer ends the process for.</summary>
    protected static void RequireNoSanitizer() =>
        Assert.SkipWhen(TestDevice.Kind == "asan", "AddressSanitizer stops the process at the fault itself");

    protected static void Ok(int result) => Assert.Equal(Success, result);

    protected static nint NewStream(uint flags = NonBlocking)
    {
        Ok(cuStreamCreate(out nint stream, flags));
        return stream;
    }

    protected static nint NewEvent()
    {
        Ok(cuEventCreate(out nint made, 0));
        return made;
    }

    protected static ulong Allocate(int bytes)
    {
        Ok(cuMemAlloc_v2(out ulong pointer, (nuint)bytes));
        return pointer;
    }

    /// <summary>Page-locked memory for one number.</summary>
    protected static int* NewNumber(int value)
    {
        Ok(cuMemHostAlloc(out nint pointer, sizeof(int), 0));
        *(int*)pointer = value;
        return (int*)pointer;
    }

    /// <summary>Device memory for one number; the device has finished writing it.</summary>
    protected static ulong NewDeviceNumber(int value)
    {
        ulong pointer = Allocate(sizeof(int));
        Ok(cuMemcpyHtoD_v2(pointer, &value, sizeof(int)));
        return pointer;
    }

    /// <summary>Reads a number without waiting for any non-blocking stream.</summary>
    protected static int Read(ulong pointer)
    {
        int value;
        Ok(cuMemcpyDtoH_v2(&value, pointer, sizeof(int)));
        return value;
    }

    /// <summary>The module of probe kernels (tests/hostcuda/planted/driver_probe.cu).</summary>
    protected static byte[] ProbeImage(string flavour)
    {
        if (TestDevice.Kind == "asan") flavour = "asan";
        return File.ReadAllBytes(Path.Combine(TestDevice.HostFolder, "planted", flavour, "driver_probe.so"));
    }

    /// <summary>A probe kernel; in the checker flavour unless said otherwise.</summary>
    protected static nint Probe(string name, string flavour = "checker")
    {
        Ok(cuModuleGetFunction(out nint function, LoadProbes(flavour), name));
        return function;
    }

    protected static nint LoadProbes(string flavour = "checker")
    {
        fixed (byte* image = ProbeImage(flavour))
        {
            Ok(cuModuleLoadData(out nint module, image));
            return module;
        }
    }

    /// <summary>Queues <c>to[i] = from[i] + amount</c> for <paramref name="count"/> numbers on one warp.</summary>
    protected static int LaunchAdd(nint function, ulong to, ulong from, int amount, nint stream, int count = 1)
    {
        void** values = stackalloc void*[] { &to, &from, &amount, &count };
        return cuLaunchKernel(function, 1, 1, 1, 32, 1, 1, 0, stream, values, null);
    }
}
