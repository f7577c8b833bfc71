using System.Runtime.InteropServices;
using CudaSearch.Cuda.Tests.Support;
using static CudaSearch.Cuda.Tests.HostDevice.DriverCalls;

namespace CudaSearch.Cuda.Tests.HostDevice;

/// <summary>Faults stick until the context is reset; contexts end; planned failures; what is counted.</summary>
public sealed unsafe class DriverFaultTests(DeviceFixture device) : DriverTest(device)
{
    private const int ContextIsDestroyed = 709;

    [Fact]
    public void AFaultSticksUntilTheReset()
    {
        RequireNoSanitizer();
        nint stream = NewStream(), add = Probe("probe_add");
        ulong number = NewDeviceNumber(1);
        int* never = NewNumber(-1);

        Ok(LaunchAdd(add, number, number, 1, stream, count: 2));
        Ok(cuMemcpyDtoHAsync_v2(never, number, sizeof(int), stream));
        Assert.Equal(LaunchFailed, cuStreamSynchronize(stream));
        Assert.Equal(-1, *never);
        Assert.Contains("probe_add", Report);
        Assert.Contains("driver_probe.cu", Report);

        Assert.Equal(LaunchFailed, cuCtxSynchronize());
        Assert.Equal(LaunchFailed, cuMemAlloc_v2(out _, 4));
        Assert.Equal(LaunchFailed, cuMemFree_v2(number));
        Assert.Equal(LaunchFailed, cuStreamCreate(out _, 0));
        Ok(cuDeviceGetAttribute(out _, 1, 0));

        Ok(cuDevicePrimaryCtxReset_v2(0));
        Assert.Equal("", Report);
        Assert.Equal(InvalidHandle, cuStreamSynchronize(stream));
        Assert.Equal(InvalidValue, cuMemFree_v2(number));
        Ok(LaunchAdd(Probe("probe_add"), number = NewDeviceNumber(1), number, 1, 0));
        Assert.Equal(2, Read(number));
    }

    [Fact]
    public void AFaultInAGraphSticks()
    {
        RequireNoSanitizer();
        nint stream = NewStream(), add = Probe("probe_add");
        ulong number = NewDeviceNumber(1);
        Ok(cuStreamBeginCapture_v2(stream, 1));
        Ok(LaunchAdd(add, 0, number, 1, stream));
        Ok(cuStreamEndCapture(stream, out nint graph));
        Ok(cuGraphInstantiateWithFlags(out nint executable, graph, 0));
        Ok(cuGraphLaunch(executable, stream));
        Assert.Equal(LaunchFailed, cuStreamSynchronize(stream));
        Assert.Equal(LaunchFailed, cuGraphLaunch(executable, stream));
    }

    [Fact]
    public void AThreadWithoutAContextIsTurnedAway()
    {
        Ok(cuCtxGetCurrent(out nint context));
        Ok(cuCtxSetCurrent(0));
        Assert.Equal(InvalidContext, cuMemAlloc_v2(out _, 4));
        Assert.Equal(InvalidContext, cuCtxSetCurrent(context + 16));
        Ok(cuCtxSetCurrent(context));
        Allocate(4);
    }

    [Fact]
    public void ReleasingTheContextTellsWhatLeaked()
    {
        Ok(cuDevicePrimaryCtxRelease_v2(0)); // the test's own; whatever it had made went with it
        Ok(cuDevicePrimaryCtxRetain(out nint context, 0));
        Ok(cuCtxSetCurrent(context));
        ulong number = Allocate(100);
        _ = NewStream();
        Ok(cuDevicePrimaryCtxRelease_v2(0));

        Assert.Equal("leaked: 1 device buffer(s) of 100 bytes in all, 1 stream(s)", Report);
        Assert.Equal(ContextIsDestroyed, cuMemFree_v2(number));
        Assert.Equal(InvalidContext, cuDevicePrimaryCtxRelease_v2(0));
        Ok(cuDevicePrimaryCtxRetain(out nint another, 0)); // for the fixture to release
        Assert.NotEqual(context, another);
    }

    [Fact]
    public void APlannedFailureComesOnceAfterSoManyCalls()
    {
        Assert.Equal(0, hostcuda_fail_next("cuMemAlloc", OutOfMemory, 2));
        Allocate(4);
        Allocate(4);
        Assert.Equal(OutOfMemory, cuMemAlloc_v2(out _, 4));
        Allocate(4);

        Assert.Equal(0, hostcuda_fail_next("cuMemAlloc_v2", OutOfMemory, 0));
        Assert.Equal(0, hostcuda_fail_next(null, 0, 0));
        Allocate(4);
        Assert.Equal(1, hostcuda_fail_next("cuMemAllocate", OutOfMemory, 0));
    }

    [Fact]
    public void APlannedFaultSticks()
    {
        nint stream = NewStream();
        Assert.Equal(0, hostcuda_fail_next("cuStreamSynchronize", LaunchFailed, 0));
        Assert.Equal(LaunchFailed, cuStreamSynchronize(stream));
        Assert.Equal(LaunchFailed, cuMemAlloc_v2(out _, 4));
        Assert.Contains("cuStreamSynchronize", Report);
    }

    [Fact]
    public void WorkIsCounted()
    {
        nint stream = NewStream(), add = Probe("probe_add");
        ulong number = NewDeviceNumber(1);
        int* result = NewNumber(0);
        Ok(cuStreamBeginCapture_v2(stream, 1));
        Ok(LaunchAdd(add, number, number, 1, stream));
        Ok(cuMemcpyDtoHAsync_v2(result, number, sizeof(int), stream));
        Ok(cuStreamEndCapture(stream, out nint graph));
        Ok(cuGraphInstantiateWithFlags(out nint executable, graph, 0));
        Counters before = Statistics();

        for (int i = 0; i < 3; i++) Ok(cuGraphLaunch(executable, stream));
        Ok(cuStreamSynchronize(stream));
        Counters replayed = Statistics();
        Assert.Equal(4, *result);
        Assert.Equal((0u, 3u), (replayed.Launches - before.Launches, replayed.GraphLaunches - before.GraphLaunches));
        Assert.Equal((3u, 3u), (replayed.KernelsRun - before.KernelsRun, replayed.CopiesRun - before.CopiesRun));
        Assert.Equal((0u, 0u), (replayed.Copies - before.Copies, replayed.DeviceAllocations - before.DeviceAllocations));
        Assert.Equal(1u, replayed.Synchronizations - before.Synchronizations);

        ulong more = Allocate(100);
        Ok(LaunchAdd(add, number, number, 1, stream));
        Ok(cuMemFree_v2(more));
        Counters after = Statistics();
        Assert.Equal((1u, 1u), (after.Launches - replayed.Launches, after.DeviceAllocations - replayed.DeviceAllocations));
        Assert.Equal((1u, 4u), (after.LiveDeviceAllocations, after.LiveDeviceBytes));
    }

    [Fact]
    public void ResultsHaveNames()
    {
        foreach ((int result, string expected) in new[] { (0, "CUDA_SUCCESS"), (2, "CUDA_ERROR_OUT_OF_MEMORY"), (719, "CUDA_ERROR_LAUNCH_FAILED") })
        {
            Ok(cuGetErrorName(result, out byte* name));
            Assert.Equal(expected, Marshal.PtrToStringUTF8((nint)name));
        }
        Assert.Equal(InvalidValue, cuGetErrorName(12345, out byte* none));
        Assert.True(none == null);
    }
}
