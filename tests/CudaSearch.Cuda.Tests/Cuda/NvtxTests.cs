using CudaSearch.Cuda.Tests.Support;

namespace CudaSearch.Cuda.Tests.Cuda;

public sealed class NvtxTests
{
    [Fact]
    public void WithoutTheLibraryARangeIsNothing()
    {
        Nvtx nvtx = Nvtx.Open("/nowhere/libnvToolsExt.so.1");
        Assert.Null(nvtx.File);
        Assert.Contains("tried /nowhere/libnvToolsExt.so.1", nvtx.Fault, StringComparison.Ordinal);
        using NvtxRange range = nvtx.Begin("pass"u8);
    }

    [Fact]
    public void ALibraryThatIsNotNvtxIsRefused()
    {
        Nvtx nvtx = Nvtx.Open("/nowhere/libnvToolsExt.so.1", "libc.so.6");
        Assert.Null(nvtx.File);
        Assert.StartsWith("'libc.so.6' cannot be used: ", nvtx.Fault, StringComparison.Ordinal);
        using NvtxRange range = nvtx.Begin("pass"u8);
    }

    [Fact]
    public void RangesBeginAndEndByName()
    {
        TestDevice.RequireHost();
        TestDevice.Select();
        CudaDriver.Load();
        Nvtx nvtx = Nvtx.Open(DriverLibrary.Path);
        Assert.Equal((DriverLibrary.Path, null), (nvtx.File, nvtx.Fault));
        _ = HostControl.Ranges;
        using (nvtx.Begin("pass"u8))
        {
            using NvtxRange inner = nvtx.Begin("kernel"u8);
        }
        Assert.Equal("pass{kernel{}}", HostControl.Ranges);
    }
}
