using CudaSearch.Cuda.Tests.Support;

namespace CudaSearch.Cuda.Tests.Cuda;

public sealed class CudaModuleTests(DeviceFixture device)
{
    [Fact]
    public void AnUnknownFunctionIsRefused() => Assert.Contains(
        "module 'rms_norm' has no kernel 'rms_norm_fp4'",
        Assert.Throws<CudaSearchException>(() => device.Kernels.Get<NormArguments>(NormProblem.Module, "rms_norm_fp4")).Message,
        StringComparison.Ordinal);

    [Fact]
    public void AnUnknownModuleIsRefusedWithItsFile()
    {
        var e = Assert.Throws<CudaSearchException>(() => device.Kernels.Get<NormArguments>("teleport", "teleport"));
        Assert.Equal(Failure.DeviceUnavailable, e.Failure);
        Assert.Contains(Path.DirectorySeparatorChar + "teleport.", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RefusedPtxIsShownWithTheCompilersLog()
    {
        _ = device.Context;
        var e = Assert.Throws<CudaException>(
            () => CudaModule.Load(".version 8.5\n.target sm_80\n.address_size 64\nteleport.b32 r0;\n"u8, "planted"));
        Assert.Equal((CudaResult.InvalidPtx, "CUDA_ERROR_INVALID_PTX", "cuModuleLoadDataEx"), (e.Code, e.Name, e.Call));
        string[] lines = e.Message.Split('\n');
        Assert.EndsWith("module 'planted' was refused:", lines[0], StringComparison.Ordinal);
        Assert.True(lines[1].Length > 10, e.Message);
    }

    [Fact]
    public void BytesThatAreNoImageAreRefused()
    {
        _ = device.Context;
        var e = Assert.Throws<CudaException>(() => CudaModule.Load([1, 2, 3, 4, 5, 6, 7, 8], "noise"));
        Assert.False(e.IsSticky);
        Assert.Contains("module 'noise' was refused", e.Message, StringComparison.Ordinal);
    }
}
