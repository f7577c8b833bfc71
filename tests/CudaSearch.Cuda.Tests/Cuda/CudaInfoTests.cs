using CudaSearch.Cuda.Tests.Support;

namespace CudaSearch.Cuda.Tests.Cuda;

public sealed class CudaInfoTests(DeviceFixture device)
{
    [Fact]
    public void TheDevicesAreDescribed()
    {
        CudaContext context = device.Context;
        CudaInfo info = CudaInfo.Take();
        Assert.Null(info.Fault);
        Assert.Equal(context.Driver.Version, info.DriverVersion);
        CudaDeviceInfo first = info.Devices[0];
        Assert.Equal((0, context.Name), (first.Index, first.Name));
        Assert.Equal((context.ComputeCapability, context.TotalMemory), (first.ComputeCapability, first.TotalMemory));
        Assert.InRange(first.FreeMemory, 1, first.TotalMemory);
        Assert.True((first.Kernels is null) != (first.Fault is null));
        Assert.True(context.MultiprocessorCount > 0);
    }

    [Fact]
    public void ADeviceThatDoesNotStartIsShownWithItsReason()
    {
        _ = device.Context;
        HostControl.WithFailure("cuDevicePrimaryCtxRetain", CudaResult.OutOfMemory, () =>
        {
            CudaDeviceInfo info = CudaDeviceInfo.Of(0);
            Assert.Null(info.Kernels);
            Assert.Contains("CUDA_ERROR_OUT_OF_MEMORY", info.Fault, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void CuBlasIsThereOrSaysWhyNot()
    {
        _ = device.Context;
        bool found = CudaBlas.TryOpen(out CudaBlas? blas, out string? reason);
        blas?.Dispose();
        Assert.Equal(found, reason is null);
        if (!found) Assert.Contains("libcublas.so.12", reason, StringComparison.Ordinal);
    }

    [Fact]
    public void ALibraryThatIsNotCuBlasIsRefused()
    {
        _ = device.Context;
        Assert.False(CudaBlas.TryOpen(["/nowhere/libcublas.so.12", "libc.so.6"], out _, out string? reason));
        Assert.StartsWith("'libc.so.6' cannot be used: ", reason, StringComparison.Ordinal);
    }

    [Fact]
    public void CuBlasMultiplies()
    {
        _ = device.Context;
        Assert.SkipUnless(CudaBlas.TryOpen(out CudaBlas? blas, out string? reason), reason ?? "");
        using (blas)
        {
            // x = [[1, 2], [3, 4], [5, 6]], w = [[1, 0], [0, 1], [1, 1], [2, 0]] in bf16; y = x · wᵀ.
            using CudaDeviceVariable<ushort> x = device.Upload(Bf16(1, 2, 3, 4, 5, 6)), w = device.Upload(Bf16(1, 0, 0, 1, 1, 1, 2, 0));
            using CudaDeviceVariable<float> y = device.Poisoned<float>(12);
            blas.Multiply(x.Pointer, w.Pointer, y.Pointer, m: 3, n: 4, k: 2, float32Output: true, device.Stream);
            Assert.Equal([1, 2, 3, 2, 3, 4, 7, 6, 5, 6, 11, 10], device.Download(y));
        }
    }

    // Exact for the small numbers used here.
    private static ReadOnlySpan<ushort> Bf16(params ReadOnlySpan<float> values)
    {
        var bits = new ushort[values.Length];
        for (int i = 0; i < bits.Length; i++) bits[i] = (ushort)(BitConverter.SingleToUInt32Bits(values[i]) >> 16);
        return bits;
    }
}
