using CudaSearch.Cuda.Tests.Support;
using static CudaSearch.Cuda.Tests.HostDevice.DriverCalls;

namespace CudaSearch.Cuda.Tests.HostDevice;

/// <summary>Streams run nothing before somebody waits, and then only what the wait asks for, or anything at all under a seed.</summary>
public sealed unsafe class DriverStreamTests(DeviceFixture device) : DriverTest(device)
{
    private const int Seeds = 20;

    [Fact]
    public void NothingRunsBeforeAWait()
    {
        nint stream = NewStream();
        ulong number = NewDeviceNumber(1);
        int* result = NewNumber(-5);

        Ok(cuMemsetD32Async(number, 7, 1, stream));
        Ok(cuMemcpyDtoHAsync_v2(result, number, sizeof(int), stream));

        Assert.Equal(-5, *result);
        Ok(cuStreamSynchronize(stream));
        Assert.Equal(7, *result);
    }

    [Fact]
    public void AStagingBufferReusedTooEarlySpoilsTheCopy()
    {
        nint stream = NewStream();
        ulong number = NewDeviceNumber(1);
        int* staging = NewNumber(2);

        Ok(cuMemcpyHtoDAsync_v2(number, staging, sizeof(int), stream));
        *staging = 3;
        Ok(cuStreamSynchronize(stream));

        Assert.Equal(3, Read(number));
    }

    [Fact]
    public void AWaitRunsNoOtherStream()
    {
        nint other = NewStream(), waited = NewStream();
        ulong number = NewDeviceNumber(1), awaited = NewDeviceNumber(1);

        Ok(cuMemsetD32Async(number, 9, 1, other));
        Ok(cuMemsetD32Async(awaited, 9, 1, waited));
        Ok(cuStreamSynchronize(waited));

        Assert.Equal(9, Read(awaited));
        Assert.Equal(1, Read(number));
        Ok(cuCtxSynchronize());
        Assert.Equal(9, Read(number));
    }

    [Fact]
    public void AQueryMakesProgress()
    {
        nint stream = NewStream();
        ulong number = NewDeviceNumber(1);
        Ok(cuMemsetD32Async(number, 2, 1, stream));
        Ok(cuMemsetD32Async(number, 3, 1, stream));

        Assert.Equal(NotReady, cuStreamQuery(stream));
        Ok(cuStreamQuery(stream));

        Assert.Equal(3, Read(number));
    }

    [Fact]
    public void AMissingEventWaitIsSeenInOrderAndUnderSeeds()
    {
        Assert.False(HandsOver(seed: 0, wait: false));
        Assert.Contains(false, Enumerable.Range(1, Seeds).Select(seed => HandsOver((ulong)seed, wait: false)));
    }

    [Fact]
    public void AnEventWaitOrdersTwoStreamsUnderEverySchedule()
    {
        for (ulong seed = 0; seed <= Seeds; seed++) Assert.True(HandsOver(seed, wait: true), $"schedule {seed}");
    }

    [Fact]
    public void AnEventStandsForItsLatestRecordOnly()
    {
        nint producer = NewStream(), consumer = NewStream(), mark = NewEvent();
        ulong number = NewDeviceNumber(1);

        Ok(cuEventRecord(mark, producer));
        Ok(cuMemsetD32Async(number, 2, 1, producer));
        Ok(cuStreamWaitEvent(consumer, mark, 0));
        Ok(cuStreamSynchronize(consumer));
        Assert.Equal(1, Read(number));

        Ok(cuEventRecord(mark, producer));
        Ok(cuStreamWaitEvent(consumer, mark, 0));
        Ok(cuStreamSynchronize(consumer));
        Assert.Equal(2, Read(number));
    }

    [Fact]
    public void EventsAreReachedWhenTheDevicePassesThem()
    {
        nint stream = NewStream(), start = NewEvent(), end = NewEvent();
        Assert.Equal(InvalidHandle, cuEventElapsedTime(out _, start, end));
        Ok(cuEventQuery(start));

        Ok(cuEventRecord(start, stream));
        Ok(cuEventRecord(end, stream));
        Assert.Equal(NotReady, cuEventElapsedTime(out _, start, end));
        Assert.Equal(NotReady, cuEventQuery(end));
        Ok(cuEventSynchronize(end));

        Ok(cuEventElapsedTime(out float milliseconds, start, end));
        Assert.InRange(milliseconds, 0, 1000);
    }

    [Fact]
    public void TheLegacyStreamWaitsForBlockingStreamsOnly()
    {
        nint blocking = NewStream(Blocking), free = NewStream();
        ulong first = NewDeviceNumber(1), second = NewDeviceNumber(1);

        Ok(cuMemsetD32Async(first, 2, 1, blocking));
        Ok(cuMemsetD32Async(second, 2, 1, free));

        Assert.Equal(2, Read(first));
        Assert.Equal(1, Read(second));
    }

    [Fact]
    public void BlockingStreamsWaitForTheLegacyStream()
    {
        nint blocking = NewStream(Blocking);
        ulong number = NewDeviceNumber(1);
        int* result = NewNumber(0);

        Ok(cuMemsetD32Async(number, 2, 1, stream: 0));
        Ok(cuMemcpyDtoHAsync_v2(result, number, sizeof(int), blocking));
        Ok(cuStreamSynchronize(blocking));

        Assert.Equal(2, *result);
    }

    [Fact]
    public void WorkOfADestroyedStreamStillRuns()
    {
        nint stream = NewStream();
        ulong number = NewDeviceNumber(1);

        Ok(cuMemsetD32Async(number, 4, 1, stream));
        Ok(cuStreamDestroy_v2(stream));
        Assert.Equal(InvalidHandle, cuStreamSynchronize(stream));
        Assert.Equal(InvalidHandle, cuStreamDestroy_v2(stream));
        Ok(cuCtxSynchronize());

        Assert.Equal(4, Read(number));
    }

    [Fact]
    public void AHandleOfAnotherKindIsRefused()
    {
        nint stream = NewStream(), mark = NewEvent();
        Assert.Equal(InvalidHandle, cuEventRecord(stream, stream));
        Assert.Equal(InvalidHandle, cuStreamWaitEvent(mark, mark, 0));
        Assert.Equal(InvalidHandle, cuStreamSynchronize(mark));
        Assert.Equal(InvalidHandle, cuGraphLaunch(mark, stream));
    }

    [Fact]
    public void ThreadsMayShareAStream()
    {
        const int Threads = 4, Each = 50;
        nint stream = NewStream(), add = Probe("probe_add");
        ulong number = NewDeviceNumber(0);
        Ok(cuCtxGetCurrent(out nint context));

        Parallel.For(0, Threads, new ParallelOptions { MaxDegreeOfParallelism = Threads }, _ =>
        {
            Ok(cuCtxSetCurrent(context));
            for (int i = 0; i < Each; i++)
            {
                Ok(LaunchAdd(add, number, number, 1, stream));
                if (i % 10 == 0) Ok(cuStreamSynchronize(stream));
            }
        });
        Ok(cuStreamSynchronize(stream));

        Assert.Equal(Threads * Each, Read(number));
    }

    // One stream writes a number, another reads it; whether the reader saw it.
    private static bool HandsOver(ulong seed, bool wait)
    {
        hostcuda_set_schedule(seed);
        nint producer = NewStream(), consumer = NewStream(), mark = NewEvent();
        ulong number = NewDeviceNumber(1);
        int* result = NewNumber(0);

        Ok(cuMemsetD32Async(number, 2, 1, producer));
        Ok(cuEventRecord(mark, producer));
        if (wait) Ok(cuStreamWaitEvent(consumer, mark, 0));
        Ok(cuMemcpyDtoHAsync_v2(result, number, sizeof(int), consumer));
        Ok(cuStreamSynchronize(consumer));
        return *result == 2;
    }
}
