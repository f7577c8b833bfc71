using System.Runtime.CompilerServices;
using CudaSearch.Cuda.Tests.Support;

namespace CudaSearch.Cuda.Tests.Cuda;

public sealed class LifetimeTests(DeviceFixture device)
{
    private const int Cycles = 1000;

    [Fact]
    public void AThousandCyclesLeakNothing()
    {
        using var problem = new NormProblem(device, 1);
        Cycle(problem);
        long free = device.Context.FreeMemory, managed = GC.GetTotalMemory(forceFullCollection: true);
        HostCounters before = TestDevice.IsGpu ? default : HostControl.Counters;
        for (int i = 0; i < Cycles; i++) Cycle(problem);
        // A GPU's driver keeps freed blocks in pools of its own; 1000 leaked blocks would show all the same.
        Assert.InRange(free - device.Context.FreeMemory, 0, TestDevice.IsGpu ? 64 << 20 : 0);
        HostCounters after = TestDevice.IsGpu ? default : HostControl.Counters;
        Assert.Equal(before.LiveDeviceAllocations, after.LiveDeviceAllocations);
        Assert.Equal(before.LiveHostAllocations, after.LiveHostAllocations);
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - managed, long.MinValue, 256 << 10);
    }

    [Fact]
    public void ForgottenObjectsAreFreedByTheFinalizer()
    {
        TestDevice.RequireHost();
        long free = device.Context.FreeMemory;
        Forget();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Assert.Equal(free, device.Context.FreeMemory);

        [MethodImpl(MethodImplOptions.NoInlining)]
        static void Forget()
        {
            var forgotten = new CudaDeviceVariable<byte>(1 << 20);
            Assert.NotEqual(default, forgotten.Pointer);
        }
    }

    [Fact]
    public void AnObjectMayOutliveTheContextItWasMadeIn()
    {
        CudaContext shared = device.Context;
        var context = new CudaContext(0);
        var variable = new CudaDeviceVariable<int>(4);
        context.Dispose();
        Assert.Throws<InvalidOperationException>(() => new CudaStream());
        Assert.Throws<ObjectDisposedException>(context.SetCurrent);
        shared.SetCurrent();
        long free = shared.FreeMemory;
        variable.Dispose();
        Assert.True(shared.FreeMemory > free || TestDevice.IsGpu);
    }

    [Fact]
    public void DisposingTwiceDoesNothing()
    {
        var variable = device.Upload<int>(1);
        using var stream = new CudaStream();
        variable.Dispose();
        variable.Dispose();
        stream.Dispose();
    }

    [Fact]
    public void AFaultIsReportedOnceAndDisposalAfterItIsQuiet()
    {
        TestDevice.RequireHost();
        var problem = new NormProblem(device, 2);
        var stream = new CudaStream();
        var mark = new CudaEvent();
        var pinned = new CudaPageLockedHostMemory<int>(4);
        stream.BeginCapture();
        problem.Launch(stream);
        CudaGraph graph = stream.EndCapture();
        CudaGraphExec executable = graph.Instantiate();
        CudaException fault = device.Fault(() =>
        {
            DevicePointer nowhere = problem.Output.Pointer.Offset(1L << 32);
            problem.Kernel.Launch(stream, new Dim3(2), new Dim3(32), problem.Arguments with { Output = nowhere });
            stream.Synchronize();
        });
        Assert.Equal((719, "CUDA_ERROR_LAUNCH_FAILED", "cuStreamSynchronize"), (fault.Code, fault.Name, fault.Call));
        Assert.Contains(NormProblem.Function, fault.Message, StringComparison.Ordinal);
        Assert.Contains("the device context is lost", fault.Message, StringComparison.Ordinal);
        executable.Dispose();
        graph.Dispose();
        mark.Dispose();
        pinned.Dispose();
        stream.Dispose();
        problem.Dispose();
        // The fixture has started the device anew.
        using var next = new NormProblem(device, 1);
        next.Launch(device.Stream);
        next.RequireNormOf(next.Ramp(1f));
    }

    [Fact]
    public void AfterAFaultEveryCallFailsWithItAndDisposalDoesNotHang()
    {
        TestDevice.RequireHost();
        using var problem = new NormProblem(device, 1);
        CudaStream stream = device.Stream;
        device.Fault(() =>
        {
            problem.Kernel.Launch(stream, new Dim3(1), new Dim3(32), problem.Arguments with { Input = default });
            int first = Assert.Throws<CudaException>(stream.Synchronize).Code;
            Assert.Equal(first, Assert.Throws<CudaException>(() => new CudaDeviceVariable<int>(1)).Code);
            Assert.Equal(first, Assert.Throws<CudaException>(() => problem.Launch(stream)).Code);
            problem.Dispose();
            stream.Synchronize();
        });
    }

    [Fact]
    public void AnErrorDuringDisposalIsSwallowed()
    {
        _ = device.Context;
        var mark = new CudaEvent();
        HostControl.WithFailure("cuEventDestroy", CudaResult.InvalidValue, mark.Dispose);
        Assert.True(mark.Handle.IsClosed);
    }

    private static void Cycle(NormProblem problem)
    {
        using var block = new CudaDeviceVariable<byte>(1 << 20);
        using var pinned = new CudaPageLockedHostMemory<byte>(4096);
        using var stream = new CudaStream();
        using var mark = new CudaEvent();
        stream.BeginCapture();
        problem.Launch(stream);
        using CudaGraph graph = stream.EndCapture();
        using CudaGraphExec executable = graph.Instantiate();
        mark.Record(stream);
    }
}
