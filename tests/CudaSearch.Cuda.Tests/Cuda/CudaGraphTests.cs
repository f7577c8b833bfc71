using CudaSearch.Cuda.Tests.Support;

namespace CudaSearch.Cuda.Tests.Cuda;

public sealed class CudaGraphTests(DeviceFixture device)
{
    [Fact]
    public void AGraphIsReplayedWithChangedInput()
    {
        using var problem = new NormProblem(device, 3);
        CudaStream stream = device.Stream;
        stream.BeginCapture();
        problem.Launch(stream);
        using CudaGraph graph = stream.EndCapture();
        using CudaGraphExec executable = graph.Instantiate();
        // Captured, not done.
        Assert.All(device.Download(problem.Output), element => Assert.Equal(0xFFFF, element));
        foreach (float scale in new[] { 1f, -0.25f })
        {
            problem.Input.CopyFrom(problem.Ramp(scale));
            executable.Launch(stream);
            stream.Synchronize();
            problem.RequireNormOf(problem.Ramp(scale));
        }
    }

    [Fact]
    public void AReplayAllocatesNothing()
    {
        using var problem = new NormProblem(device, 1);
        CudaStream stream = device.Stream;
        stream.BeginCapture();
        problem.Launch(stream);
        using CudaGraph graph = stream.EndCapture();
        using CudaGraphExec executable = graph.Instantiate();
        for (int i = 0; i < 100; i++) executable.Launch(stream);
        stream.Synchronize();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 20; i++) executable.Launch(stream);
        stream.Synchronize();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void WaitingForACapturingStreamSpoilsTheCaptureAndNoMore()
    {
        using var problem = new NormProblem(device, 1);
        using var stream = new CudaStream();
        stream.BeginCapture();
        Assert.Equal("CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED", Assert.Throws<CudaException>(stream.Synchronize).Name);
        Assert.Equal("CUDA_ERROR_STREAM_CAPTURE_INVALIDATED", Assert.Throws<CudaException>(stream.EndCapture).Name);
        problem.Launch(stream);
        stream.Synchronize();
        problem.RequireNormOf(problem.Ramp(1f));
    }

    [Fact]
    public void AnAbandonedCaptureLeavesTheStreamUsable()
    {
        using var problem = new NormProblem(device, 1);
        using var stream = new CudaStream();
        stream.BeginCapture();
        problem.Launch(stream);
        stream.AbandonCapture();
        stream.AbandonCapture();
        problem.Launch(stream);
        stream.Synchronize();
        problem.RequireNormOf(problem.Ramp(1f));
    }
}
