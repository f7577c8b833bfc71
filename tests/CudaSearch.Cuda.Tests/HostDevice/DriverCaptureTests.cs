using CudaSearch.Cuda.Tests.Support;
using static CudaSearch.Cuda.Tests.HostDevice.DriverCalls;

namespace CudaSearch.Cuda.Tests.HostDevice;

/// <summary>Stream capture: what goes into a graph, what a capture forbids, and that a forbidden call spoils it.</summary>
public sealed unsafe class DriverCaptureTests(DeviceFixture device) : DriverTest(device)
{
    private const int CaptureUnsupported = 900;
    private const int CaptureInvalidated = 901;
    private const int CaptureMerge = 902;
    private const int CaptureUnmatched = 903;
    private const int CaptureUnjoined = 904;
    private const int CaptureIsolation = 905;
    private const int CaptureImplicit = 906;
    private const int CapturedEvent = 907;
    private const int CaptureWrongThread = 908;

    private const int Global = 0;
    private const int ThreadLocal = 1;
    private const int Relaxed = 2;

    [Fact]
    public void CapturedWorkDoesNotRunAndReplaysItsPointers()
    {
        nint stream = NewStream();
        ulong number = NewDeviceNumber(0);
        int* input = NewNumber(5);
        int* output = NewNumber(-1);
        nint add = Probe("probe_add");

        Ok(cuStreamBeginCapture_v2(stream, ThreadLocal));
        Ok(cuMemcpyHtoDAsync_v2(number, input, sizeof(int), stream));
        Ok(LaunchAdd(add, number, number, 10, stream));
        Ok(cuMemcpyDtoHAsync_v2(output, number, sizeof(int), stream));
        Ok(cuStreamEndCapture(stream, out nint graph));
        Ok(cuCtxSynchronize());
        Assert.Equal(-1, *output);
        Assert.Equal(0, Read(number));

        Ok(cuGraphInstantiateWithFlags(out nint executable, graph, 0));
        Ok(cuGraphDestroy(graph));
        foreach (int value in new[] { 5, 6, 70 })
        {
            *input = value;
            Ok(cuGraphLaunch(executable, stream));
            Ok(cuStreamSynchronize(stream));
            Assert.Equal(value + 10, *output);
        }
        Ok(cuGraphExecDestroy(executable));
        Assert.Equal(InvalidHandle, cuGraphLaunch(executable, stream));
    }

    [Fact]
    public void AGraphTellsItsNodes()
    {
        nint stream = NewStream(), add = Probe("probe_add");
        ulong number = NewDeviceNumber(0);
        Ok(cuStreamBeginCapture_v2(stream, ThreadLocal));
        Ok(cuMemsetD32Async(number, 1, 1, stream));
        Ok(LaunchAdd(add, number, number, 1, stream));
        Ok(cuMemcpyDtoDAsync_v2(number, number, sizeof(int), stream));
        Ok(cuStreamEndCapture(stream, out nint graph));

        nuint count = 0;
        Ok(cuGraphGetNodes(graph, null, ref count));
        Assert.Equal((nuint)3, count);
        nint* nodes = stackalloc nint[3];
        Ok(cuGraphGetNodes(graph, nodes, ref count));

        const int Kernel = 0, Copy = 1, Fill = 2;
        int[] types = new int[3];
        for (int i = 0; i < 3; i++) Ok(cuGraphNodeGetType(nodes[i], out types[i]));
        Assert.Equal([Fill, Kernel, Copy], types);
    }

    [Fact]
    public void WaitingForACapturingStreamSpoilsTheCapture()
    {
        foreach (Func<nint, int> wait in new Func<nint, int>[] { cuStreamSynchronize, cuStreamQuery, _ => cuCtxSynchronize() })
        {
            nint stream = NewStream();
            Ok(cuStreamBeginCapture_v2(stream, Relaxed));
            Assert.Equal(CaptureUnsupported, wait(stream));
            Assert.Equal(CaptureInvalidated, cuMemsetD8Async(Allocate(4), 0, 4, stream));
            Assert.Equal(CaptureInvalidated, cuStreamEndCapture(stream, out nint graph));
            Assert.Equal(0, graph);
            Ok(cuStreamSynchronize(stream));
        }
    }

    [Theory]
    [InlineData(Global, true, true)]
    [InlineData(ThreadLocal, true, false)]
    [InlineData(Relaxed, false, false)]
    public void ModesSayWhoMayAllocate(int mode, bool forbidsOwnThread, bool forbidsOthers)
    {
        Assert.Equal(forbidsOwnThread, IsForbidden(mode, allocate => allocate()));
        Assert.Equal(forbidsOthers, IsForbidden(mode, InAnotherThread));
    }

    [Fact]
    public void UsingTheLegacyStreamWhileABlockingStreamCapturesIsRefused()
    {
        nint blocking = NewStream(Blocking), free = NewStream();
        ulong number = NewDeviceNumber(1);

        Ok(cuStreamBeginCapture_v2(free, Relaxed));
        Ok(cuMemsetD32Async(number, 2, 1, stream: 0));
        Ok(cuStreamEndCapture(free, out _));

        Ok(cuStreamBeginCapture_v2(blocking, Relaxed));
        Assert.Equal(CaptureImplicit, cuMemsetD32Async(number, 2, 1, stream: 0));
        Assert.Equal(CaptureInvalidated, cuStreamEndCapture(blocking, out _));
        Assert.Equal(CaptureUnsupported, cuStreamBeginCapture_v2(0, Relaxed));
    }

    [Fact]
    public void StreamsJoinThroughEventsAndMustComeBack()
    {
        nint origin = NewStream(), branch = NewStream(), fork = NewEvent(), join = NewEvent();
        ulong number = NewDeviceNumber(1);
        Ok(cuStreamBeginCapture_v2(origin, ThreadLocal));
        Ok(cuEventRecord(fork, origin));
        Ok(cuStreamWaitEvent(branch, fork, 0));
        Ok(cuMemsetD32Async(number, 2, 1, branch));
        Ok(cuEventRecord(join, branch));
        Assert.Equal(CaptureUnmatched, EndWithoutSpoiling(branch));

        Ok(cuStreamBeginCapture_v2(origin, ThreadLocal));
        Ok(cuEventRecord(fork, origin));
        Ok(cuStreamWaitEvent(branch, fork, 0));
        Ok(cuMemsetD32Async(number, 2, 1, branch));
        Assert.Equal(CaptureUnjoined, cuStreamEndCapture(origin, out _));
        Ok(cuStreamIsCapturing(branch, out int capturing));
        Assert.Equal(0, capturing);

        int EndWithoutSpoiling(nint wrong)
        {
            int result = cuStreamEndCapture(wrong, out _);
            Assert.Equal(CaptureInvalidated, cuStreamEndCapture(origin, out _));
            return result;
        }
    }

    [Fact]
    public void BranchesOfAGraphRunInAnyOrderUnlessTheyAreJoined()
    {
        Assert.Contains(1, Enumerable.Range(1, 20).Select(seed => RunFork((ulong)seed, join: false)));
        for (ulong seed = 0; seed <= 20; seed++) Assert.Equal(2, RunFork(seed, join: true));
    }

    [Fact]
    public void LaunchesOfOneGraphRunOneAfterTheOther()
    {
        nint stream = NewStream(), other = NewStream(), add = Probe("probe_add", "plain");
        ulong number = NewDeviceNumber(0), copy = NewDeviceNumber(0);
        Ok(cuStreamBeginCapture_v2(stream, ThreadLocal));
        Ok(cuMemcpyDtoDAsync_v2(copy, number, sizeof(int), stream));
        Ok(LaunchAdd(add, number, copy, 1, stream));
        Ok(cuStreamEndCapture(stream, out nint graph));
        Ok(cuGraphInstantiateWithFlags(out nint executable, graph, 0));

        const int Rounds = 20;
        for (int round = 1; round <= Rounds; round++)
        {
            hostcuda_set_schedule((ulong)round);
            Ok(cuGraphLaunch(executable, stream));
            Ok(cuGraphLaunch(executable, other));
            Ok(cuCtxSynchronize());
        }
        Assert.Equal(2 * Rounds, Read(number));
    }

    [Fact]
    public void AGraphMayNotDependOnWorkOutsideOfIt()
    {
        nint stream = NewStream(), other = NewStream(), mark = NewEvent();
        Ok(cuEventRecord(mark, other));
        Ok(cuStreamBeginCapture_v2(stream, ThreadLocal));
        Assert.Equal(CaptureIsolation, cuStreamWaitEvent(stream, mark, 0));
        Assert.Equal(CaptureInvalidated, cuStreamEndCapture(stream, out _));
    }

    [Fact]
    public void TwoCapturesMayNotMeet()
    {
        nint first = NewStream(), second = NewStream(), mark = NewEvent();
        Ok(cuStreamBeginCapture_v2(first, ThreadLocal));
        Ok(cuStreamBeginCapture_v2(second, ThreadLocal));
        Ok(cuEventRecord(mark, first));
        Assert.Equal(CaptureMerge, cuStreamWaitEvent(second, mark, 0));
        Assert.Equal(CaptureInvalidated, cuStreamEndCapture(first, out _));
        Assert.Equal(CaptureInvalidated, cuStreamEndCapture(second, out _));
    }

    [Fact]
    public void ACapturedEventCannotBeWaitedFor()
    {
        nint stream = NewStream(), mark = NewEvent();
        Ok(cuStreamBeginCapture_v2(stream, ThreadLocal));
        Ok(cuEventRecord(mark, stream));
        Assert.Equal(CapturedEvent, cuEventSynchronize(mark));
        Assert.Equal(CaptureInvalidated, cuStreamEndCapture(stream, out _));

        Ok(cuEventRecord(mark, stream));
        Ok(cuEventSynchronize(mark));
    }

    [Fact]
    public void ACaptureEndsWhereItBegan()
    {
        nint stream = NewStream();
        Assert.Equal(IllegalState, cuStreamEndCapture(stream, out _));
        Ok(cuStreamBeginCapture_v2(stream, ThreadLocal));
        Assert.Equal(IllegalState, cuStreamBeginCapture_v2(stream, ThreadLocal));
        int elsewhere = -1;
        InAnotherThread(() => elsewhere = cuStreamEndCapture(stream, out _));
        Assert.Equal(CaptureWrongThread, elsewhere);
        Ok(cuStreamEndCapture(stream, out _));
    }

    // A fork that sets a number to 1 on one branch and adds 1 on the other, or behind it when joined.
    private static int RunFork(ulong seed, bool join)
    {
        hostcuda_set_schedule(seed);
        nint origin = NewStream(), branch = NewStream(), fork = NewEvent(), done = NewEvent(), add = Probe("probe_add", "plain");
        ulong number = NewDeviceNumber(0);
        Ok(cuStreamBeginCapture_v2(origin, ThreadLocal));
        Ok(cuEventRecord(fork, origin));
        Ok(cuStreamWaitEvent(branch, fork, 0));
        Ok(cuMemsetD32Async(number, 1, 1, branch));
        Ok(cuEventRecord(done, branch));
        if (join) Ok(cuStreamWaitEvent(origin, done, 0));
        Ok(LaunchAdd(add, number, number, 1, origin));
        if (!join) Ok(cuStreamWaitEvent(origin, done, 0));
        Ok(cuStreamEndCapture(origin, out nint graph));
        Ok(cuGraphInstantiateWithFlags(out nint executable, graph, 0));
        Ok(cuGraphLaunch(executable, origin));
        Ok(cuStreamSynchronize(origin));
        return Read(number);
    }

    private static bool IsForbidden(int mode, Action<Action> run)
    {
        nint stream = NewStream();
        int result = -1;
        Ok(cuStreamBeginCapture_v2(stream, mode));
        run(() => result = cuMemAlloc_v2(out _, 4));
        int ended = cuStreamEndCapture(stream, out _);
        Assert.Contains((result, ended), new[] { (Success, Success), (CaptureUnsupported, CaptureInvalidated) });
        return result != Success;
    }

    private static void InAnotherThread(Action action)
    {
        Ok(cuCtxGetCurrent(out nint context));
        var thread = new Thread(() =>
        {
            Ok(cuCtxSetCurrent(context));
            action();
        });
        thread.Start();
        thread.Join();
    }
}
