using CudaSearch.Cuda.Tests.Support;

namespace CudaSearch.Cuda.Tests.HostDevice;

/// <summary>Kernels that may start before the kernel before them has ended, and do not wait for it, or not in time.</summary>
public sealed class PlantedDependentTests(DeviceFixture device)
{
    [Theory]
    [InlineData("read_before_wait", "read of what an earlier kernel writes, before the wait for it")]
    [InlineData("copy_before_wait", "read of what an earlier kernel writes, before the wait for it")]
    [InlineData("write_before_wait", "write of device memory before the wait for the kernel before")]
    [InlineData("read_only_load", "read-only load of what a kernel writes that may run at the same time")]
    public void TheCheckerNamesItUnderEverySchedule(string name, string what)
    {
        var kernel = new PlantedKernel(device, "dependents", name);
        for (ulong seed = 0; seed <= 3; seed++) Assert.Contains(what, kernel.Report("checker", seed), StringComparison.Ordinal);
        kernel.RequireCorrectTwin("checker");
    }

    // No flavour is needed to see that a thread never waited.
    [Theory]
    [InlineData("forgotten_wait")]
    [InlineData("exit_before_wait")]
    public void AThreadThatNeverWaitsIsReported(string name)
    {
        var kernel = new PlantedKernel(device, "dependents", name);
        foreach (string flavour in (string[])["plain", "checker"])
        {
            Assert.Matches("a thread ends without having waited|before the wait for", kernel.Report(flavour));
            Assert.Matches("a thread ends without having waited|before the wait for", kernel.Report(flavour, seed: 5));
            kernel.RequireCorrectTwin(flavour);
        }
    }
}
