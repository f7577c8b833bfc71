namespace CudaSearch.Cuda.Tests.Support;

/// <summary>
/// Orders in which the host device runs threads, blocks and streams. A kernel whose result depends on the order has a race, so tests run
/// in order and in three shuffled orders and compare every bit.
/// </summary>
internal static class Schedules
{
    private static readonly ulong[] s_seeds = [1, 2, 3];

    /// <summary>Runs an action that returns an output of the device, once per schedule; see <see cref="Run(Func{byte[][]})"/>.</summary>
    public static byte[] Run(Func<byte[]> action) => Run(() => new[] { action() })[0];

    /// <summary>
    /// Runs an action in order and, on the host device, under each shuffled schedule; fails when an output differs in a bit. The action
    /// makes
    /// its device memory itself, poisoned, so that no run sees the results of the one before.
    /// </summary>
    /// <returns>The outputs, copied from the device, of the run in order.</returns>
    public static byte[][] Run(Func<byte[][]> action)
    {
        byte[][] inOrder = action();
        if (TestDevice.IsGpu) return inOrder;
        try
        {
            foreach (ulong seed in s_seeds)
            {
                HostControl.SetSchedule(seed);
                RequireEqual(inOrder, action(), seed);
            }
        }
        finally
        {
            HostControl.SetSchedule(0);
        }
        return inOrder;
    }

    /// <summary>Runs an action under one schedule of the host device; 0 is in order. Skips on a GPU.</summary>
    public static T With<T>(ulong seed, Func<T> action)
    {
        try
        {
            HostControl.SetSchedule(seed);
            return action();
        }
        finally
        {
            HostControl.SetSchedule(0);
        }
    }

    private static void RequireEqual(byte[][] expected, byte[][] actual, ulong seed)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int output = 0; output < expected.Length; output++)
        {
            Assert.Equal(expected[output].Length, actual[output].Length);
            int first = expected[output].AsSpan().CommonPrefixLength(actual[output]);
            if (first == expected[output].Length) continue;
            int differing = expected[output].Zip(actual[output]).Count(pair => pair.First != pair.Second);
            Assert.Fail(
                $"output {output} depends on the order of execution: " +
                $"schedule {seed} differs in {differing} of {expected[output].Length} bytes, first at byte {first}");
        }
    }
}
