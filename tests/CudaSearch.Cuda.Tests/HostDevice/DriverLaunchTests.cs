using CudaSearch.Cuda.Tests.Support;
using static CudaSearch.Cuda.Tests.HostDevice.DriverCalls;

namespace CudaSearch.Cuda.Tests.HostDevice;

/// <summary>Launches: arguments in both forms, taken when the launch is asked for; limits of grid, block and shared memory.</summary>
public sealed unsafe class DriverLaunchTests(DeviceFixture device) : DriverTest(device)
{
    private const int MaxDynamicShared = 8; // CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES
    private const int MaxThreadsPerBlock = 0;
    private const int ProgrammaticSerialization = 6; // CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION
    private const int DefaultShared = 48 << 10;
    private const int LargestShared = 227 << 10;

    // probe_arguments(u8 a, u64* out, u16 b, u32 c, u8 d) as the driver lays it out.
    private static readonly (int Offset, int Size)[] s_layout = [(0, 1), (8, 8), (16, 2), (20, 4), (24, 1)];
    private const int BlockBytes = 25; // up to the end of the last argument
    private const int StructBytes = 32; // as a C struct is rounded up

    [Fact]
    public void ParametersAreLaidOutAsInC()
    {
        nint function = Probe("probe_arguments");
        for (int i = 0; i < s_layout.Length; i++)
        {
            Ok(cuFuncGetParamInfo(function, (nuint)i, out nuint offset, out nuint size));
            Assert.Equal(s_layout[i], ((int)offset, (int)size));
        }
        Assert.Equal(InvalidValue, cuFuncGetParamInfo(function, (nuint)s_layout.Length, out _, out _));
    }

    [Fact]
    public void ArgumentsAreTakenWhenTheLaunchIsAskedFor()
    {
        nint stream = NewStream(), function = Probe("probe_arguments");
        ulong output = Allocate(4 * sizeof(ulong));
        byte a = 200, d = 7;
        ushort b = 60000;
        uint c = 4_000_000_000;
        void** values = stackalloc void*[] { &a, &output, &b, &c, &d };

        Ok(cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, stream, values, null));
        ulong kept = output;
        (a, b, c, d, output) = (0, 0, 0, 0, 0);
        Ok(cuStreamSynchronize(stream));

        Assert.Equal([200, 60000, 4_000_000_000, 7], ReadLongs(kept));
    }

    [Theory]
    [InlineData(BlockBytes, Success)]
    [InlineData(StructBytes, Success)]
    [InlineData(BlockBytes - 1, InvalidValue)]
    [InlineData(StructBytes + 1, InvalidValue)]
    [InlineData(0, InvalidValue)]
    public void AnArgumentBlockMustHaveTheRightSize(int bytes, int expected)
    {
        nint stream = NewStream(), function = Probe("probe_arguments");
        ulong output = Allocate(4 * sizeof(ulong));
        byte* block = stackalloc byte[StructBytes + 1];
        block[0] = 200;
        *(ulong*)(block + 8) = output;
        *(ushort*)(block + 16) = 60000;
        *(uint*)(block + 20) = 4_000_000_000;
        block[24] = 7;
        nuint size = (nuint)bytes;
        nint* extra = stackalloc nint[] { 1, (nint)block, 2, (nint)(&size), 0 };

        Assert.Equal(expected, cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, stream, null, extra));
        new Span<byte>(block, StructBytes).Clear();
        Ok(cuStreamSynchronize(stream));

        if (expected == Success) Assert.Equal([200, 60000, 4_000_000_000, 7], ReadLongs(output));
    }

    [Fact]
    public void ArgumentsMustComeInOneForm()
    {
        nint function = Probe("probe_shape");
        ulong output = Allocate(6 * sizeof(uint));
        nuint size = sizeof(ulong);
        void** values = stackalloc void*[] { &output };
        nint* extra = stackalloc nint[] { 1, (nint)(&output), 2, (nint)(&size), 0 };
        nint* unknown = stackalloc nint[] { 9, (nint)(&output), 0 };
        Assert.Equal(InvalidValue, cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, 0, values, extra));
        Assert.Equal(InvalidValue, cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, 0, null, null));
        Assert.Equal(InvalidValue, cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, 0, null, unknown));
        Assert.Equal(InvalidHandle, cuLaunchKernel(NewStream(), 1, 1, 1, 1, 1, 1, 0, 0, values, null));
    }

    [Theory]
    [InlineData(3, 2, 5, 7, 3, 2, Success)]
    [InlineData(1, 1, 1, 1024, 1, 1, Success)]
    [InlineData(1, 1, 1, 1025, 1, 1, InvalidValue)]
    [InlineData(1, 1, 1, 32, 33, 1, InvalidValue)]
    [InlineData(1, 1, 1, 1, 1, 65, InvalidValue)]
    [InlineData(0, 1, 1, 1, 1, 1, InvalidValue)]
    [InlineData(1, 1, 1, 1, 0, 1, InvalidValue)]
    [InlineData(1, 65536, 1, 1, 1, 1, InvalidValue)]
    [InlineData(1, 1, 65536, 1, 1, 1, InvalidValue)]
    public void GridAndBlockHaveLimits(uint gridX, uint gridY, uint gridZ, uint blockX, uint blockY, uint blockZ, int expected)
    {
        nint stream = NewStream(), function = Probe("probe_shape");
        ulong output = Allocate(6 * sizeof(uint));
        void** values = stackalloc void*[] { &output };

        Assert.Equal(expected, cuLaunchKernel(function, gridX, gridY, gridZ, blockX, blockY, blockZ, 0, stream, values, null));
        Ok(cuStreamSynchronize(stream));

        if (expected != Success) return;
        var shape = new uint[6];
        fixed (uint* host = shape) Ok(cuMemcpyDtoH_v2(host, output, 6 * sizeof(uint)));
        Assert.Equal([gridX, gridY, gridZ, blockX, blockY, blockZ], shape);
    }

    [Fact]
    public void ABlockMayNotExceedTheLaunchBound()
    {
        nint function = Probe("probe_bounded");
        ulong output = Allocate(65 * sizeof(uint));
        void** values = stackalloc void*[] { &output };
        Ok(cuFuncGetAttribute(out int bound, MaxThreadsPerBlock, function));
        Assert.Equal(64, bound);
        Ok(cuLaunchKernel(function, 1, 1, 1, 64, 1, 1, 0, 0, values, null));
        Assert.Equal(InvalidValue, cuLaunchKernel(function, 1, 1, 1, 65, 1, 1, 0, 0, values, null));
        Assert.Equal(InvalidValue, cuLaunchKernel(function, 1, 1, 1, 8, 8, 2, 0, 0, values, null));
    }

    [Fact]
    public void MoreThan48KiBOfSharedMemoryMustBeAskedFor()
    {
        nint function = Probe("probe_dynamic");
        ulong output = NewDeviceNumber(0);

        Ok(LaunchDynamic(function, output, DefaultShared));
        Assert.Equal(InvalidValue, LaunchDynamic(function, output, DefaultShared + 4));
        Assert.Equal(InvalidValue, cuFuncSetAttribute(function, MaxDynamicShared, LargestShared + 1));
        Assert.Equal(InvalidValue, cuFuncSetAttribute(function, MaxDynamicShared, -1));
        Ok(cuFuncSetAttribute(function, MaxDynamicShared, LargestShared));
        Ok(LaunchDynamic(function, output, LargestShared));
        Ok(cuFuncGetAttribute(out int limit, MaxDynamicShared, function));

        Assert.Equal(LargestShared, limit);
        Assert.Equal(7, Read(output));
    }

    [Fact]
    public void TheExtendedLaunchTakesAttributesThatChangeNothing()
    {
        const int Cooperative = 2, Priority = 8;
        nint stream = NewStream(), add = Probe("probe_add");
        ulong number = NewDeviceNumber(1);

        Assert.Equal(NotSupported, LaunchEx(add, number, stream, Cooperative));
        Ok(LaunchEx(add, number, stream, Priority));
        Ok(LaunchEx(add, number, stream, ProgrammaticSerialization, value: 0));
        Ok(cuStreamSynchronize(stream));
        Assert.Equal(3, Read(number));
    }

    // Behind anything but a kernel there is nothing to start before.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AKernelMayStartEarlyRightBehindAKernel(bool captured)
    {
        nint stream = NewStream(), add = Probe("probe_dependent_add");
        ulong number = NewDeviceNumber(0);
        int* start = NewNumber(5);
        long before = HostControl.Counters.DependentKernelsRun;

        if (captured) Ok(cuStreamBeginCapture_v2(stream, 1));
        Ok(LaunchEx(add, number, stream, ProgrammaticSerialization));
        Ok(LaunchEx(add, number, stream, ProgrammaticSerialization));
        Ok(LaunchEx(add, number, stream, ProgrammaticSerialization));
        Ok(cuMemcpyHtoDAsync_v2(number, start, sizeof(int), stream));
        Ok(LaunchEx(add, number, stream, ProgrammaticSerialization));
        Ok(LaunchAdd(add, number, number, 1, stream));
        Ok(LaunchEx(add, number, stream, ProgrammaticSerialization));
        if (captured)
        {
            Ok(cuStreamEndCapture(stream, out nint graph));
            Ok(cuGraphInstantiateWithFlags(out nint executable, graph, 0));
            Ok(cuGraphLaunch(executable, stream));
        }
        Ok(cuStreamSynchronize(stream));

        Assert.Equal(8, Read(number));
        Assert.Equal(3, HostControl.Counters.DependentKernelsRun - before);
    }

    private static int LaunchDynamic(nint function, ulong output, int bytes)
    {
        int words = bytes / sizeof(uint);
        void** values = stackalloc void*[] { &output, &words };
        return cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, (uint)bytes, 0, values, null);
    }

    // A CUlaunchConfig of one block of 32 threads with one attribute.
    private static int LaunchEx(nint function, ulong number, nint stream, int attribute, int value = 1)
    {
        int* attributes = stackalloc int[18];
        new Span<int>(attributes, 18).Clear();
        attributes[0] = attribute;
        attributes[2] = value;
        uint* configuration = stackalloc uint[14] { 1, 1, 1, 32, 1, 1, 0, 0, 0, 0, 0, 0, 1, 0 };
        *(nint*)(configuration + 8) = stream;
        *(int**)(configuration + 10) = attributes;
        int amount = 1, count = 1;
        void** values = stackalloc void*[] { &number, &number, &amount, &count };
        return cuLaunchKernelEx(configuration, function, values, null);
    }

    private static ulong[] ReadLongs(ulong pointer)
    {
        var values = new ulong[4];
        fixed (ulong* host = values) Ok(cuMemcpyDtoH_v2(host, pointer, 4 * sizeof(ulong)));
        return values;
    }
}
