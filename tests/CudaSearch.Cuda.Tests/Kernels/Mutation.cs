using CudaSearch.Cuda.Tests.Support;

namespace CudaSearch.Cuda.Tests.Kernels;

/// <summary>Kernels broken on purpose: that the tests see it is what shows that they test something.</summary>
internal static class Mutation
{
    /// <summary>Fails unless the broken kernel faults, or its output is wrong, in order or under some shuffled schedule.</summary>
    /// <param name="device">The device; new after a fault.</param>
    /// <param name="run">Loads and launches the broken kernel and returns its output.</param>
    /// <param name="right">The output of the right kernel.</param>
    public static void RequireCaught(DeviceFixture device, Func<byte[]> run, byte[] right)
    {
        TestDevice.RequireHost();
        try
        {
            for (ulong seed = 0; seed <= 3; seed++)
            {
                if (!Schedules.With(seed, run).AsSpan().SequenceEqual(right)) return;
            }
        }
        catch (CudaException fault) when (fault.IsSticky)
        {
            device.Reset();
            return;
        }
        Assert.Fail("the broken kernel was not caught: no fault, and right results under every schedule");
    }
}
