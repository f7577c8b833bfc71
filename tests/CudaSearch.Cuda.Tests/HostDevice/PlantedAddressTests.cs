using System.Runtime.InteropServices;
using CudaSearch.Cuda.Tests.Support;

namespace CudaSearch.Cuda.Tests.HostDevice;

/// <summary>Accesses outside of what a kernel was given.</summary>
public sealed unsafe class PlantedAddressTests(DeviceFixture device)
{
    [Theory]
    [InlineData("write_past_buffer", "write of 4 bytes at 0x[0-9a-f]+: 4 bytes past the end of a device allocation of 256 bytes")]
    [InlineData("read_past_buffer", "read of 4 bytes at 0x[0-9a-f]+: 4 bytes past the end of a device allocation of 256 bytes")]
    [InlineData("write_past_shared", @"write of 4 bytes outside every shared array: 4 bytes past the end of \w+ \(256 bytes\)")]
    [InlineData("write_past_dynamic_shared", @"outside every shared array: 4 bytes past the end of dynamic shared memory \(256 bytes\)")]
    [InlineData("null_pointer", "read of 4 bytes at (0x[0-9a-f]+|\\(nil\\)), which is in no device allocation")]
    [InlineData("misaligned_vector", "misaligned 16-byte access")]
    [InlineData("local_of_another_thread", "read of 4 bytes in another thread's local memory")]
    public void TheCheckerNamesIt(string name, string what)
    {
        var kernel = new PlantedKernel(device, "addresses", name);
        Assert.Matches(what, kernel.Report("checker"));
        Assert.Matches(what, kernel.Report("checker", seed: 2));
        kernel.RequireCorrectTwin("checker");
    }

    [Fact]
    public void TheCheckerRefusesHostMemory()
    {
        void* memory = NativeMemory.AllocZeroed(64, sizeof(int));
        try
        {
            var kernel = new PlantedKernel(device, "addresses", "foreign_pointer");
            string report = kernel.Report("checker", input: new DevicePointer((ulong)memory));
            Assert.Contains("in no device allocation", report, StringComparison.Ordinal);
        }
        finally
        {
            NativeMemory.Free(memory);
        }
    }

    // Without the checker the processor's own fault is turned into a report.
    [Theory]
    [InlineData("null_pointer", "memory fault at")]
    [InlineData("misaligned_vector", "misaligned 16-byte access")]
    [InlineData("stack_overflow", "stack overflow")]
    public void AFaultOfThePlainFlavourDoesNotEndTheProcess(string name, string what)
    {
        var kernel = new PlantedKernel(device, "addresses", name);
        Assert.Contains(what, kernel.Report("plain"), StringComparison.Ordinal);
        kernel.RequireCorrectTwin("plain");
    }

    [Fact]
    public void AWildPointerOfThePlainFlavourDoesNotEndTheProcess()
    {
        var kernel = new PlantedKernel(device, "addresses", "foreign_pointer");
        string report = kernel.Report("plain", input: new DevicePointer(0x4000_0000));
        Assert.Contains("memory fault at 0x40000000", report, StringComparison.Ordinal);
    }

    // Nothing names the place then, but a buffer's canary tells that its end was written over.
    [Fact]
    public void AWritePastABufferIsSeenWithoutTheChecker()
    {
        TestDevice.RequireHost();
        var kernel = new PlantedKernel(device, "addresses", "write_past_buffer");
        CudaException fault = device.Fault(() => kernel.Run("plain"));
        Assert.Contains("past the end", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ManagedCodeStillGetsItsOwnFaults()
    {
        // The host device's handler is installed by now; the runtime's, behind it, must still turn this into an exception.
        new PlantedKernel(device, "addresses", "null_pointer").Report("plain");
        string? nothing = null;
        Assert.Throws<NullReferenceException>(() => nothing!.Length);
    }

    [Fact]
    public void ABlockAboveTheLaunchBoundIsRefused()
    {
        TestDevice.RequireHost();
        var kernel = new PlantedKernel(device, "addresses", "bounded");
        Assert.Equal(64 * sizeof(int), kernel.Run("plain", threads: 64).Length);
        CudaException refused = Assert.Throws<CudaException>(() => kernel.Run("plain", threads: 65));
        Assert.False(refused.IsSticky);
    }
}
