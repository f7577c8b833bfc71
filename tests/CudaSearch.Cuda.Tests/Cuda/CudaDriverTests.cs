using CudaSearch.Cuda.Tests.Support;

namespace CudaSearch.Cuda.Tests.Cuda;

public sealed class CudaDriverTests(DeviceFixture device)
{
    [Fact]
    public void TheDriverSaysWhatItIs()
    {
        CudaDriver driver = device.Context.Driver;
        Assert.Same(driver, CudaDriver.Load());
        Assert.True(driver.DeviceCount >= 1);
        Assert.True(driver.Version >= new Version(12, 5), driver.Version.ToString());
    }

    [Fact]
    public void AMissingLibraryIsNamedWithTheLoadersWords()
    {
        CudaSearchException e = Unavailable(() => CudaDriver.Initialize("/nowhere/libcuda.so.1"));
        Assert.Contains("'/nowhere/libcuda.so.1' cannot be loaded", e.Message, StringComparison.Ordinal);
        Assert.Contains(": cannot open shared object file: No such file or directory; install", e.Message, StringComparison.Ordinal);
        Assert.Contains(DriverLibrary.Variable, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AFileThatIsNoLibraryIsRefused() =>
        Assert.Contains("cannot be loaded", Unavailable(() => CudaDriver.Initialize("/etc/passwd")).Message, StringComparison.Ordinal);

    [Fact]
    public void ALibraryThatIsNoDriverIsRefused() => Assert.Equal(
        "'libc.so.6' is not a CUDA driver: it has no function cuDriverGetVersion",
        Unavailable(() => CudaDriver.Initialize("libc.so.6")).Message);

    [Fact]
    public void ADriverTooOldIsToldBothVersions()
    {
        CudaDriver.RequireVersion("libcuda.so.1", 12040);
        CudaSearchException e = Unavailable(() => CudaDriver.RequireVersion("libcuda.so.1", 12030));
        Assert.Contains("supports CUDA 12.3 and the kernels need 12.4", e.Message, StringComparison.Ordinal);
        Assert.Contains("install NVIDIA driver 550 or newer", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(CudaResult.NoDevice, 0, "sees no device")]
    [InlineData(CudaResult.Success, 0, "sees no device")]
    [InlineData(999, 0, "does not start: CUDA_ERROR_UNKNOWN (999)")]
    public void ADriverWithoutADeviceIsRefused(int result, int count, string reason)
    {
        _ = device.Context;
        CudaDriver.RequireDevices("libcuda.so.1", CudaResult.Success, 1);
        CudaSearchException e = Unavailable(() => CudaDriver.RequireDevices("libcuda.so.1", result, count));
        Assert.Contains(reason, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1000)]
    public void ADeviceThatIsNotThereIsRefused(int index)
    {
        _ = device.Context;
        CudaSearchException e = Unavailable(() => new CudaContext(index).Dispose());
        Assert.Contains($"there is no CUDA device {index}", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ADeviceThatOthersFillIsNamed()
    {
        string name = device.Context.Name;
        HostControl.WithFailure("cuDevicePrimaryCtxRetain", CudaResult.OutOfMemory, () =>
        {
            CudaSearchException e = Unavailable(() => new CudaContext(0).Dispose());
            Assert.StartsWith($"{name} cannot be used: CUDA_ERROR_OUT_OF_MEMORY (2)", e.Message, StringComparison.Ordinal);
            Assert.Contains("nvidia-smi", e.Message, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void AThreadWithoutAContextIsTold()
    {
        Exception? thrown = null;
        var thread = new Thread(() => thrown = Record.Exception(() => new CudaStream().Dispose()));
        thread.Start();
        thread.Join();
        Assert.Contains("SetCurrent", Assert.IsType<InvalidOperationException>(thrown).Message, StringComparison.Ordinal);
    }

    private static CudaSearchException Unavailable(Action action)
    {
        var e = Assert.Throws<CudaSearchException>(action);
        Assert.Equal(Failure.DeviceUnavailable, e.Failure);
        return e;
    }
}
