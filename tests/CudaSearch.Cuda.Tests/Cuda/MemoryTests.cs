using CudaSearch.Cuda.Tests.Support;

namespace CudaSearch.Cuda.Tests.Cuda;

public sealed class MemoryTests(DeviceFixture device)
{
    [Fact]
    public void WhatIsCopiedInComesOut()
    {
        using CudaDeviceVariable<int> variable = device.Upload<int>(1, 2, 3, 4, 5);
        Assert.Equal((5, 20), (variable.Length, variable.SizeInBytes));
        variable.CopyFrom([30, 40], index: 2);
        var part = new int[3];
        variable.CopyTo(part, index: 1);
        Assert.Equal([2, 30, 40], part);
        Assert.Equal([1, 2, 30, 40, 5], device.Download(variable));
    }

    [Fact]
    public void FillSetsEveryByte()
    {
        using CudaDeviceVariable<int> variable = device.Upload<int>(1, 2, 3);
        variable.Fill(0x01, device.Stream);
        Assert.All(device.Download(variable), value => Assert.Equal(0x01010101, value));
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(3, 2)]
    [InlineData(5, 0)]
    [InlineData(long.MaxValue, 1)]
    public void CopiesStayInside(long index, int count)
    {
        using CudaDeviceVariable<int> variable = device.Upload<int>(1, 2, 3, 4);
        using var pinned = new CudaPageLockedHostMemory<int>(8);
        var host = new int[count];
        Assert.Throws<ArgumentOutOfRangeException>(() => variable.CopyTo(host, index));
        Assert.Throws<ArgumentOutOfRangeException>(() => variable.CopyFrom(host, index));
        Assert.Throws<ArgumentOutOfRangeException>(() => variable.CopyFromAsync(pinned, 0, index, count, device.Stream));
        Assert.Throws<ArgumentOutOfRangeException>(() => variable.CopyToAsync(pinned, 7, 0, 2, device.Stream));
        Assert.Throws<ArgumentOutOfRangeException>(() => variable.CopyFromAsync(pinned, device.Stream));
    }

    [Fact]
    public void PageLockedMemoryIsCopiedInTheStreamsOrder()
    {
        CudaStream stream = device.Stream;
        using var pinned = new CudaPageLockedHostMemory<short>(4);
        using CudaDeviceVariable<short> first = device.Poisoned<short>(4), second = device.Poisoned<short>(6);
        new short[] { 1, 2, 3, 4 }.CopyTo(pinned.Span);
        first.CopyFromAsync(pinned, stream);
        second.CopyFromAsync(first, stream);
        second.CopyFromAsync(pinned, 1, 4, 2, stream);
        stream.Synchronize();
        pinned.Span.Clear();
        second.CopyToAsync(pinned, 0, 2, 4, stream);
        stream.Synchronize();
        Assert.Equal([3, 4, 2, 3], pinned.Span.ToArray());
    }

    [Fact]
    public void AsynchronousCopiesAllocateNothing()
    {
        CudaStream stream = device.Stream;
        using var pinned = new CudaPageLockedHostMemory<int>(16);
        using CudaDeviceVariable<int> variable = device.Poisoned<int>(16);
        for (int i = 0; i < 100; i++) RoundTrip();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 20; i++) RoundTrip();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void RoundTrip()
        {
            variable.CopyFromAsync(pinned, stream);
            variable.CopyToAsync(pinned, stream);
            stream.Synchronize();
        }
    }

    [Fact]
    public void MoreThanTheDeviceHasIsRefusedWithNeedAndFree()
    {
        long bytes = 2 * device.Context.TotalMemory;
        var e = Assert.Throws<CudaSearchException>(() => new CudaDeviceVariable<byte>(bytes));
        Assert.Equal(Failure.OutOfMemory, e.Failure);
        Assert.Contains($"no room for {bytes / 1048576.0:F1} MiB more", e.Message, StringComparison.Ordinal);
        Assert.Contains("are free; lower --memory", e.Message, StringComparison.Ordinal);
        device.Upload<byte>(1).Dispose();
    }

    [Fact]
    public void MemoryThatAnotherProcessTakesIsMissed()
    {
        _ = device.Context;
        HostControl.WithFreeMemory(1 << 20, () =>
        {
            var e = Assert.Throws<CudaSearchException>(() => new CudaDeviceVariable<byte>(2 << 20));
            Assert.Contains("no room for 2.0 MiB more: 1.0 MiB of", e.Message, StringComparison.Ordinal);
        });
        new CudaDeviceVariable<byte>(2 << 20).Dispose();
    }

    [Fact]
    public void PagesThatTheSystemDoesNotLockAreMissed()
    {
        _ = device.Context;
        HostControl.WithFailure("cuMemHostAlloc", CudaResult.OutOfMemory, () =>
        {
            var e = Assert.Throws<CudaSearchException>(() => new CudaPageLockedHostMemory<int>(1024));
            Assert.Equal(Failure.OutOfMemory, e.Failure);
            Assert.StartsWith("the system has no 4 KiB of page-locked memory left", e.Message, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void FreeMemoryFollowsAllocations()
    {
        const long Bytes = 256L << 20;
        long before = device.Context.FreeMemory;
        var block = new CudaDeviceVariable<byte>(Bytes);
        Assert.InRange(before - device.Context.FreeMemory, Bytes, Bytes + (Bytes >> 2));
        block.Dispose();
        Assert.Throws<ObjectDisposedException>(() => block.Pointer);
        if (!TestDevice.IsGpu) Assert.Equal(before, device.Context.FreeMemory);
    }
}
