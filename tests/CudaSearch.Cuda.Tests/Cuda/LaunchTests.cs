using System.Runtime.InteropServices;
using CudaSearch.Cuda.Tests.Support;

namespace CudaSearch.Cuda.Tests.Cuda;

public sealed class LaunchTests(DeviceFixture device)
{
    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    public void AKernelRunsTheSameInEveryOrder(int rows)
    {
        Schedules.Run(() =>
        {
            using var problem = new NormProblem(device, rows);
            problem.Launch(device.Stream);
            problem.RequireNormOf(problem.Ramp(1f));
            return MemoryMarshal.AsBytes<ushort>(device.Download(problem.Output)).ToArray();
        });
    }

    [Fact]
    public void ALaunchAllocatesNothing()
    {
        using var problem = new NormProblem(device, 1);
        CudaStream stream = device.Stream;
        for (int i = 0; i < 100; i++) problem.Launch(stream);
        stream.Synchronize();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 20; i++) problem.Launch(stream);
        stream.Synchronize();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void ARefusedLaunchNamesItsKernelAndShape()
    {
        using var problem = new NormProblem(device, 1);
        var refused = Assert.Throws<CudaException>(
            () => problem.Kernel.Launch(device.Stream, new Dim3(1), new Dim3(64, 64), problem.Arguments));
        Assert.Equal("cuLaunchKernelEx", refused.Call);
        Assert.Equal(NormProblem.Function, refused.Kernel);
        Assert.False(refused.IsSticky);
        Assert.Contains("block (64, 64, 1)", refused.Message, StringComparison.Ordinal);
        problem.Launch(device.Stream);
        problem.RequireNormOf(problem.Ramp(1f));
    }

    [Fact]
    public void MoreSharedMemoryThanABlockMayHaveIsRefused()
    {
        using var problem = new NormProblem(device, 1);
        const int Megabyte = 1 << 20;
        var refused = Assert.Throws<CudaException>(
            () => problem.Kernel.Launch(device.Stream, new Dim3(1), new Dim3(32), problem.Arguments, Megabyte));
        Assert.Equal("cuFuncSetAttribute", refused.Call);
        Assert.Contains("1048576 bytes", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void SharedMemoryBeyond48KiBIsAskedForFirst()
    {
        using var problem = new NormProblem(device, 1);
        problem.Kernel.Launch(device.Stream, new Dim3(1), new Dim3(32), problem.Arguments, 64 * 1024);
        problem.RequireNormOf(problem.Ramp(1f));
    }

    [Fact]
    public void AKernelOfADisposedModuleIsNotLaunched()
    {
        using var library = new KernelLibrary(device.Context, TestDevice.CheckedKernels);
        CudaKernel<NormArguments> kernel = library.Get<NormArguments>(NormProblem.Module, NormProblem.Function);
        using var problem = new NormProblem(device, 1);
        library.Dispose();
        Assert.Throws<ObjectDisposedException>(() => kernel.Launch(device.Stream, new Dim3(1), new Dim3(32), problem.Arguments));
    }
}
