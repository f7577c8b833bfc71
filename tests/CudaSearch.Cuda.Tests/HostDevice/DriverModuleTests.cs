using System.Buffers.Binary;
using System.Text;
using CudaSearch.Cuda.Tests.Support;
using static CudaSearch.Cuda.Tests.HostDevice.DriverCalls;

namespace CudaSearch.Cuda.Tests.HostDevice;

/// <summary>Modules: what is refused and why, loading the same or another image again and again, unloading.</summary>
public sealed unsafe class DriverModuleTests(DeviceFixture device) : DriverTest(device)
{
    private const int InvalidImage = 200;
    private const int NoBinaryForGpu = 209;
    private const int InvalidPtx = 218;

    [Fact]
    public void PtxIsRefusedWithALog()
    {
        (int result, string log) = Load("// a comment\n.version 8.5\n.target sm_90a\n\0"u8.ToArray());
        Assert.Equal(InvalidPtx, result);
        Assert.Contains("line 2", log);
        Assert.Contains("PTX", log);
    }

    [Fact]
    public void ALogFitsItsBuffer()
    {
        const int Capacity = 10;
        (int result, string log) = Load(".version 8.5\0"u8.ToArray(), Capacity);
        Assert.Equal(InvalidPtx, result);
        Assert.Equal(Capacity - 1, log.Length);
    }

    [Fact]
    public void OtherImagesAreRefused()
    {
        const int CudaMachine = 190, MachineOffset = 18;
        byte[] cubin = ProbeImage("plain");
        BinaryPrimitives.WriteUInt16LittleEndian(cubin.AsSpan(MachineOffset), CudaMachine);
        Assert.Equal(NoBinaryForGpu, Load(cubin).Result);

        byte[] fatBinary = new byte[64];
        BinaryPrimitives.WriteUInt32LittleEndian(fatBinary, 0xBA55ED50);
        Assert.Equal(NoBinaryForGpu, Load(fatBinary).Result);

        Assert.Equal(InvalidImage, Load("no such thing\0"u8.ToArray()).Result);
        Assert.Equal(InvalidImage, Load(new byte[64]).Result);

        (int result, string log) = Load(File.ReadAllBytes(DriverLibrary.Path));
        Assert.Equal(InvalidImage, result);
        Assert.Contains("hostcuda_module", log);
    }

    [Fact]
    public void FunctionsAreFoundByName()
    {
        nint module = LoadProbes();
        Ok(cuModuleGetFunction(out nint first, module, "probe_add"));
        Ok(cuModuleGetFunction(out nint again, module, "probe_add"));
        Assert.Equal(first, again);
        Assert.Equal(NotFound, cuModuleGetFunction(out _, module, "probe_ad"));
        Assert.Equal(InvalidHandle, cuModuleGetFunction(out _, first, "probe_add"));
    }

    [Theory]
    [InlineData("plain", "checker")]
    [InlineData("checker", "plain")]
    public void ImagesStayApart(string first, string second)
    {
        RequireNoSanitizer();
        _ = LoadProbes(first);
        nint stream = NewStream(), add = Probe("probe_add", second);
        ulong number = NewDeviceNumber(1), source = Allocate(2 * sizeof(int));

        Ok(LaunchAdd(add, number, source, 1, stream, count: 2));

        // The checker stops the write past the end of `number`; plain kernels leave it to the canary.
        Assert.Equal(second == "checker" ? LaunchFailed : IllegalAddress, cuStreamSynchronize(stream));
    }

    [Fact]
    public void ModulesMayBeLoadedManyTimes()
    {
        // Far more often than the loader has room for thread-local storage of its own in each.
        for (int i = 0; i < 300; i++) Ok(cuModuleUnload(LoadProbes()));
    }

    [Fact]
    public void UnloadingWaitsAndEndsItsFunctions()
    {
        nint module = LoadProbes(), stream = NewStream();
        Ok(cuModuleGetFunction(out nint add, module, "probe_add"));
        ulong number = NewDeviceNumber(1);
        Ok(cuStreamBeginCapture_v2(stream, 1));
        Ok(LaunchAdd(add, number, number, 1, stream));
        Ok(cuStreamEndCapture(stream, out nint graph));
        Ok(cuGraphInstantiateWithFlags(out nint executable, graph, 0));

        Ok(LaunchAdd(add, number, number, 1, stream));
        Ok(cuModuleUnload(module));
        Assert.Equal(2, Read(number));
        Assert.Equal(InvalidHandle, LaunchAdd(add, number, number, 1, stream));
        Assert.Equal(InvalidHandle, cuModuleUnload(module));

        Ok(cuGraphLaunch(executable, stream));
        Assert.Equal(LaunchFailed, cuStreamSynchronize(stream));
        Assert.Contains("unloaded", Report);
    }

    [Fact]
    public void EntryPointsAreFoundByName()
    {
        Ok(cuGetProcAddress_v2("cuMemAlloc", out nint function, 12000, 0, out int status));
        Assert.NotEqual(0, function);
        Assert.Equal(0, status);
        Assert.Equal(NotFound, cuGetProcAddress_v2("cuMemAllocate", out function, 12000, 0, out status));
        Assert.Equal(0, function);
        Assert.Equal(1, status);
    }

    [Fact]
    public void TensorMapsAreCheckedBeforeTheyAreEncoded()
    {
        const int Bf16 = 9, Swizzle128 = 3;
        ulong memory = Allocate(64 * 64 * 2);
        ulong* dimensions = stackalloc ulong[] { 64, 64 };
        ulong* strides = stackalloc ulong[] { 128 };
        uint* steps = stackalloc uint[] { 1, 1 };
        byte* storage = stackalloc byte[128 + 63];
        byte* map = (byte*)(((nuint)storage + 63) & ~(nuint)63);

        int Encode(uint width, byte* into, ulong address)
        {
            uint* box = stackalloc uint[] { width, 64 };
            return cuTensorMapEncodeTiled(into, Bf16, 2, address, dimensions, strides, box, steps, 0, Swizzle128, 0, 0);
        }

        Ok(Encode(64, map, memory));
        Assert.Equal(InvalidValue, Encode(128, map, memory));
        Assert.Equal(InvalidValue, Encode(64, map + 8, memory));
        Assert.Equal(InvalidValue, Encode(64, map, memory + 8));
        strides[0] = 120;
        Assert.Equal(InvalidValue, Encode(64, map, memory));
    }

    private static (int Result, string Log) Load(byte[] image, int capacity = 400)
    {
        const int ErrorLog = 5, ErrorLogSize = 6;
        byte* log = stackalloc byte[capacity];
        int* options = stackalloc int[] { ErrorLog, ErrorLogSize };
        nint* values = stackalloc nint[] { (nint)log, capacity };
        fixed (byte* bytes = image)
        {
            int result = cuModuleLoadDataEx(out _, bytes, 2, options, values);
            return (result, Encoding.UTF8.GetString(log, (int)values[1]));
        }
    }
}
