using System.Runtime.InteropServices;
using CudaSearch.Cuda.Tests.Support;
using static CudaSearch.Cuda.Tests.HostDevice.DriverCalls;

namespace CudaSearch.Cuda.Tests.HostDevice;

/// <summary>Device memory: poisoned when fresh, bounded at both ends, limited in size, unreachable for the host.</summary>
public sealed unsafe partial class DriverMemoryTests(DeviceFixture device) : DriverTest(device)
{
    private const int LargeBytes = 5 << 20; // large allocations are filled in another way than small ones

    [Theory]
    [InlineData(1)]
    [InlineData(1000)]
    [InlineData(LargeBytes)]
    public void FreshMemoryIsAllOnes(int bytes)
    {
        ulong pointer = Allocate(bytes);
        Assert.Equal(0u, pointer % 256);
        var content = new byte[bytes];
        fixed (byte* host = content) Ok(cuMemcpyDtoH_v2(host, pointer, (nuint)bytes));
        Assert.Equal(-1, content.AsSpan().IndexOfAnyExcept((byte)0xFF));

        Ok(cuMemHostAlloc(out nint locked, (nuint)bytes, 0));
        Assert.Equal(-1, new Span<byte>((void*)locked, bytes).IndexOfAnyExcept((byte)0xFF));
    }

    [Fact]
    public void WritingOneLargeBufferLeavesTheNextPoisoned()
    {
        ulong first = Allocate(LargeBytes);
        Ok(cuMemsetD8Async(first, 0, LargeBytes, 0));
        Ok(cuCtxSynchronize());

        ulong second = Allocate(LargeBytes);
        Assert.Equal(0, Read(first));
        Assert.Equal(-1, Read(second));
        Assert.Equal(-1, Read(second + LargeBytes - sizeof(int)));
    }

    [Fact]
    public void CopiesAndFillsStayInsideOneBuffer()
    {
        ulong pointer = Allocate(16), neighbour = Allocate(16);
        byte* host = stackalloc byte[32];

        Assert.Equal(InvalidValue, cuMemcpyHtoD_v2(pointer, host, 17));
        Assert.Equal(InvalidValue, cuMemcpyHtoD_v2(pointer + 1, host, 16));
        Assert.Equal(InvalidValue, cuMemcpyDtoH_v2(host, pointer - 1, 1));
        Assert.Equal(InvalidValue, cuMemcpyDtoHAsync_v2(host, pointer + 16, 1, 0));
        Assert.Equal(InvalidValue, cuMemcpyDtoDAsync_v2(neighbour, pointer, 17, 0));
        Assert.Equal(InvalidValue, cuMemcpyHtoDAsync_v2((ulong)host, host + 16, 4, 0));
        Assert.Equal(InvalidValue, cuMemsetD8Async(pointer, 0, 17, 0));
        Assert.Equal(InvalidValue, cuMemsetD32Async(pointer + 2, 0, 1, 0));
        Ok(cuMemcpyHtoD_v2(pointer + 15, host, 1));
        Ok(cuMemcpyHtoD_v2(pointer + 16, host, 0));
    }

    [Fact]
    public void CopiesStayInsidePageLockedMemory()
    {
        ulong pointer = Allocate(16);
        Ok(cuMemHostAlloc(out nint host, 8, 0));
        Assert.Equal(InvalidValue, cuMemcpyHtoDAsync_v2(pointer, (void*)host, 9, 0));
        Assert.Equal(InvalidValue, cuMemcpyDtoHAsync_v2((void*)(host + 1), pointer, 8, 0));
        Ok(cuMemcpyDtoHAsync_v2((void*)host, pointer, 8, 0));
    }

    [Fact]
    public void FreedMemoryIsGone()
    {
        ulong pointer = Allocate(16);
        byte* host = stackalloc byte[16];
        Ok(cuMemFree_v2(pointer));
        Assert.Equal(InvalidValue, cuMemFree_v2(pointer));
        Assert.Equal(InvalidValue, cuMemcpyDtoH_v2(host, pointer, 16));
        Assert.NotEqual(pointer, Allocate(16));
        Assert.Equal(InvalidValue, cuMemFree_v2(Allocate(16) + 8));
        Ok(cuMemFree_v2(0));
    }

    [Fact]
    public void FreeingWaitsForQueuedWork()
    {
        nint stream = NewStream();
        ulong number = NewDeviceNumber(3);
        int* result = NewNumber(0);
        Ok(cuMemcpyDtoHAsync_v2(result, number, sizeof(int), stream));
        Ok(cuMemFree_v2(number));
        Assert.Equal(3, *result);
    }

    [Fact]
    public void AGraphThatUsesFreedMemoryFaults()
    {
        nint stream = NewStream();
        ulong number = NewDeviceNumber(3);
        Ok(cuStreamBeginCapture_v2(stream, 1));
        Ok(cuMemsetD32Async(number, 1, 1, stream));
        Ok(cuStreamEndCapture(stream, out nint graph));
        Ok(cuGraphInstantiateWithFlags(out nint executable, graph, 0));
        Ok(cuMemFree_v2(number));

        Ok(cuGraphLaunch(executable, stream));
        Assert.Equal(IllegalAddress, cuStreamSynchronize(stream));
        Assert.Contains("freed", Report);
    }

    [Fact]
    public void MemoryRunsOut()
    {
        const int Left = 1 << 20;
        hostcuda_set_memory(Left);
        Ok(cuMemGetInfo_v2(out nuint free, out nuint total));
        Assert.Equal((nuint)Left, free);
        Assert.True(total > free);

        Assert.Equal(OutOfMemory, cuMemAlloc_v2(out ulong none, Left + 1));
        Assert.Equal(0u, none);
        ulong all = Allocate(Left);
        Assert.Equal(OutOfMemory, cuMemAlloc_v2(out _, 1));
        Ok(cuMemFree_v2(all));
        Ok(cuMemFree_v2(Allocate(Left)));

        hostcuda_set_memory(ulong.MaxValue);
        Ok(cuMemFree_v2(Allocate(Left + 1)));
    }

    [Fact]
    public void AWritePastTheEndIsFoundAtTheNextWait()
    {
        RequireNoSanitizer();
        nint stream = NewStream(), add = Probe("probe_add", "plain");
        ulong pointer = Allocate(8), source = Allocate(12);
        Ok(LaunchAdd(add, pointer, source, 1, stream, count: 3));
        Assert.Equal(IllegalAddress, cuStreamSynchronize(stream));
        Assert.Contains("past the end of the device buffer", Report);
        Assert.Contains("(8 bytes), first at byte +8", Report);
    }

    [Fact]
    public void ProtectedMemoryFaultsUnderTheHostsHands()
    {
        ulong small = NewDeviceNumber(1), large = Allocate(LargeBytes);
        Assert.True(HostCanRead(small));
        hostcuda_set_protection(1);
        Assert.False(HostCanRead(small));
        Assert.False(HostCanRead(large + LargeBytes - 1));
        Assert.False(HostCanRead(Allocate(8)));

        nint stream = NewStream(), add = Probe("probe_add");
        Ok(LaunchAdd(add, small, small, 1, stream));
        Ok(cuStreamSynchronize(stream));
        Assert.Equal(2, Read(small));
        Assert.False(HostCanRead(small));

        hostcuda_set_protection(0);
        Assert.True(HostCanRead(small));
    }

    // The system reads on this process's behalf, and says no where reading would fault.
    private static bool HostCanRead(ulong address)
    {
        byte read;
        var local = new IoVector { Address = &read, Bytes = 1 };
        var remote = new IoVector { Address = (void*)address, Bytes = 1 };
        return process_vm_readv(Environment.ProcessId, &local, 1, &remote, 1, 0) == 1;
    }

    [LibraryImport("libc")]
    private static partial nint process_vm_readv(int process, IoVector* local, nuint locals, IoVector* remote, nuint remotes, nuint flags);

    private struct IoVector
    {
        public void* Address;
        public nuint Bytes;
    }
}
