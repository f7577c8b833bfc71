using CudaSearch.Cuda.Tests.Support;

namespace CudaSearch.Cuda.Tests.Cuda;

public sealed class StreamTests(DeviceFixture device)
{
    [Fact]
    public void AnEventOrdersTwoStreams()
    {
        foreach (ulong seed in TestDevice.IsGpu ? [0UL] : new ulong[] { 0, 1, 2, 3, 4, 5 })
        {
            if (seed == 0) Run();
            else Schedules.With(seed, Run);
        }

        bool Run()
        {
            using var problem = new NormProblem(device, 3);
            using CudaStream producer = new(), consumer = new();
            using var ready = new CudaEvent();
            using var pinned = new CudaPageLockedHostMemory<float>(problem.Input.Length);
            float[] changed = problem.Ramp(-3f);
            changed.CopyTo(pinned.Span);
            problem.Input.CopyFromAsync(pinned, producer);
            ready.Record(producer);
            consumer.WaitEvent(ready);
            problem.Launch(consumer);
            consumer.Synchronize();
            problem.RequireNormOf(changed);
            return true;
        }
    }

    [Fact]
    public void EventsMeasureTheTimeBetweenThem()
    {
        using var problem = new NormProblem(device, 64);
        using CudaEvent start = new(), end = new();
        start.Record(device.Stream);
        problem.Launch(device.Stream);
        end.Record(device.Stream);
        end.Synchronize();
        Assert.InRange(end.ElapsedMilliseconds(start), 1e-4f, 10_000f);
    }

    [Fact]
    public void AnEventThatWasNeverRecordedMeasuresNothing()
    {
        _ = device.Context;
        using CudaEvent start = new(), end = new();
        Assert.Equal("cuEventElapsedTime", Assert.Throws<CudaException>(() => end.ElapsedMilliseconds(start)).Call);
    }
}
