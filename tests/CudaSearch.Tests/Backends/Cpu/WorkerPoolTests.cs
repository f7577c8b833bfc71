using CudaSearch.Backends.Cpu;

namespace CudaSearch.Tests.Backends.Cpu;

public sealed class WorkerPoolTests
{
    // Threads in excess of the cores: workers are suspended in the middle of everything, as on a busy machine.
    [Theory]
    [InlineData(1, 500)]
    [InlineData(2, 3000)]
    [InlineData(5, 300)]
    public void EveryPartOfEveryLoopRunsOnceAndBeforeRunReturns(int threads, int loops)
    {
        using var pool = new WorkerPool(threads);
        var random = new Random(threads);
        var work = new Counter();
        for (int loop = 0; loop < loops; loop++)
        {
            int parts = loop % 3 == 0 ? random.Next(3) : random.Next(2, 40);
            Array.Clear(work.Counts);
            pool.Run(parts, work);
            for (int part = 0; part < work.Counts.Length; part++)
            {
                int expected = part < parts ? 1 : 0;
                Assert.True(work.Counts[part] == expected, $"loop {loop} of {parts} parts ran part {part} {work.Counts[part]} times");
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void AnExceptionSurfacesAndThePoolGoesOn(int threads)
    {
        using var pool = new WorkerPool(threads);
        Exception thrown = Assert.ThrowsAny<Exception>(() => pool.Run(20, new Thrower()));
        Assert.Equal("part 13", (thrown.InnerException ?? thrown).Message);
        var work = new Counter();
        pool.Run(40, work);
        Assert.All(work.Counts, count => Assert.Equal(1, count));
    }

    [Fact]
    public void SleepingWorkersWakeAndEnd()
    {
        for (int i = 0; i < 5; i++)
        {
            using var pool = new WorkerPool(3);
            var work = new Counter();
            Thread.Sleep(20);
            pool.Run(40, work);
            Assert.All(work.Counts, count => Assert.Equal(1, count));
        }
    }

    private sealed class Counter : IParallelWork
    {
        public int[] Counts { get; } = new int[40];

        public void Execute(int part)
        {
            if (part % 16 == 5) Thread.Yield();
            Interlocked.Increment(ref Counts[part]);
        }
    }

    private sealed class Thrower : IParallelWork
    {
        public void Execute(int part)
        {
            if (part == 13) throw new InvalidOperationException($"part {part}");
        }
    }
}
