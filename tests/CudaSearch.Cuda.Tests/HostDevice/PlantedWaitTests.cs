using CudaSearch.Cuda.Tests.Support;

namespace CudaSearch.Cuda.Tests.HostDevice;

/// <summary>
/// Threads that wait for what never comes, or with others that are not where they are; words used in an order that no hardware promises to take. No
/// flavour is needed to see it.
/// </summary>
public sealed class PlantedWaitTests(DeviceFixture device)
{
    [Theory]
    [InlineData("barriers", "barrier_after_exit", "deadlock.*156 threads exited; 100 threads wait for __syncthreads")]
    [InlineData("barriers", "divergent_barrier", "divergent __syncthreads")]
    [InlineData("warps", "shuffle_in_half_a_warp", @"deadlock.*32 threads wait for a shuffle \(mask ffffffff\)")]
    [InlineData("warps", "shuffle_from_outside", "shuffle from lane 20, which is not in mask 0000ffff")]
    [InlineData("warps", "endless_spin", "livelock")]
    [InlineData("hopper", "mbarrier_never_completes", "livelock")]
    [InlineData("hopper", "mbarrier_overrun", "more arrivals at an mbarrier")]
    [InlineData("hopper", "mbarrier_not_initialised", "mbarrier at .* has not been initialised")]
    [InlineData("hopper", "bulk_bytes_not_announced", "livelock")]
    [InlineData("hopper", "wgmma_stage_released_early", "an operand changed between the issue of the product and this wait")]
    [InlineData("hopper", "wgmma_without_fence", "wgmma without wgmma.fence")]
    [InlineData("hopper", "wgmma_tile_misaligned", "where the swizzle does not begin anew")]
    public void IsReported(string file, string name, string what)
    {
        var kernel = new PlantedKernel(device, file, name);
        foreach (string flavour in (string[])["plain", "checker"])
        {
            Assert.Matches(what, kernel.Report(flavour));
            Assert.Matches(what, kernel.Report(flavour, seed: 5));
            kernel.RequireCorrectTwin(flavour);
        }
    }
}
