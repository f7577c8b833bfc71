using CudaSearch.Cuda.Tests.Support;

namespace CudaSearch.Cuda.Tests.HostDevice;

/// <summary>Shared memory used without the barrier, or before the copy, that makes it safe.</summary>
public sealed class PlantedRaceTests(DeviceFixture device)
{
    [Theory]
    [InlineData("barriers", "missing_barrier", "read after write|write after read")]
    [InlineData("barriers", "write_after_read", "read after write|write after read")]
    [InlineData("barriers", "write_after_write", "write after write")]
    [InlineData("barriers", "atomic_and_plain", "read after write|write after write|write after read")]
    [InlineData("warps", "warp_synchrony", "read after write|write after read")]
    [InlineData("warps", "shuffle_as_barrier", "read after write|write after read")]
    [InlineData("hopper", "handover_without_wait", "read after write|write after read")]
    [InlineData("hopper", "missing_bulk_wait", "before the wait for the bulk copy")]
    [InlineData("hopper", "wgmma_without_proxy_fence", "an operand without fence.proxy.async behind the write")]
    [InlineData("copies", "copy_without_barrier", "read after write|write after read|before the wait for the asynchronous copy")]
    [InlineData("copies", "stage_in_use", "read after write|write after read|before the wait for the asynchronous copy")]
    [InlineData("copies", "missing_copy_wait", "before the wait for the asynchronous copy")]
    [InlineData("copies", "copy_wait_too_weak", "before the wait for the asynchronous copy")]
    public void TheCheckerNamesItUnderEverySchedule(string file, string name, string kinds)
    {
        var kernel = new PlantedKernel(device, file, name);
        for (ulong seed = 0; seed <= 3; seed++) Assert.Matches(kinds, kernel.Report("checker", seed));
        kernel.RequireCorrectTwin("checker");
    }

    // Races that change what comes out, in order or under some shuffled schedule, with no checker at work.
    [Theory]
    [InlineData("barriers", "missing_barrier")]
    [InlineData("barriers", "write_after_read")]
    [InlineData("warps", "warp_synchrony")]
    [InlineData("copies", "missing_copy_wait")]
    [InlineData("copies", "copy_wait_too_weak")]
    [InlineData("copies", "copy_without_barrier")]
    [InlineData("hopper", "missing_wgmma_wait")]
    [InlineData("hopper", "missing_bulk_wait")]
    public void ASchedulePutsTheResultWrong(string file, string name)
    {
        TestDevice.RequireHost();
        var kernel = new PlantedKernel(device, file, name);
        byte[] right = kernel.Run("plain", correct: true);
        kernel.RequireCorrectTwin("plain");
        ulong[] seeds = [0, 1, 2, 3];
        Assert.Contains(seeds, seed => !Schedules.With(seed, () => kernel.Run("plain")).AsSpan().SequenceEqual(right));
    }
}
