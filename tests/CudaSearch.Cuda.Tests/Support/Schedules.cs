namespace CudaSearch.Cuda.Tests.Support;

/// <summary>
/// Orders in which the host device runs threads, blocks and streams. A kernel whose result depends on the order has a race, so tests run
/// in order and in three shuffled orders and compare every bit.
/// </summary>
internal static unsafe class Schedules
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
                Set(seed);
                RequireEqual(inOrder, action(), seed);
            }
        }
        finally
        {
            Set(0);
        }
        return inOrder;
    }

    /// <summary>
    /// Demands that a deliberately broken kernel is found out: in order or under some schedule, <paramref name="check"/> fails an assertion
    /// or
    /// loses the device to a fault. It loads the broken module itself, since a fault takes modules and memory with it. Skips on a GPU.
    /// </summary>
    /// <returns>What gave the bug away.</returns>
    public static string RequireCaught(DeviceFixture device, Action check)
    {
        TestDevice.RequireHost();
        foreach (ulong seed in s_seeds.Prepend(0UL))
        {
            Exception? caught = With(seed, () => Record.Exception(check));
            if (caught is CudaException { IsSticky: true }) device.Reset();
            if (caught is CudaException { IsSticky: true } or Xunit.Sdk.IAssertionException) return caught.Message;
            if (caught is not null) throw new InvalidOperationException("the broken kernel could not be tried: " + caught.Message, caught);
        }
        throw new InvalidOperationException("the broken kernel passed in order and under every schedule");
    }

    /// <summary>Runs an action under one shuffled schedule of the host device.</summary>
    public static T With<T>(ulong seed, Func<T> action)
    {
        TestDevice.RequireHost();
        try
        {
            Set(seed);
            return action();
        }
        finally
        {
            Set(0);
        }
    }

    private static void Set(ulong seed)
    {
        // The action may not have touched the device yet when the first seed is set.
        TestDevice.Select();
        CudaDriver.Load();
        nint function = DriverLibrary.OptionalExport("hostcuda_set_schedule");
        Assert.True(function != 0, $"'{DriverLibrary.Path}' is not the host device: it has no hostcuda_set_schedule");
        ((delegate* unmanaged<ulong, void>)function)(seed);
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
