namespace CudaSearch.Cuda.Tests.Support;

public sealed class SchedulesTests(DeviceFixture device)
{
    [Fact]
    public void AnOutputThatDependsOnTheRunIsFound()
    {
        TestDevice.RequireHost();
        _ = device.Context;
        byte runs = 0;
        Exception? failure = Record.Exception(() => Schedules.Run(() => new byte[][] { [1, 2], [7, 7, runs++] }));
        Assert.Contains("output 1 depends on the order of execution", failure?.Message, StringComparison.Ordinal);
        Assert.Contains("differs in 1 of 3 bytes, first at byte 2", failure?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void OutputsThatAgreeAreReturned() => Assert.Equal([1, 2, 3], Schedules.Run(() => new byte[] { 1, 2, 3 }));

    [Fact]
    public void TheDeviceIsNewAfterAFault()
    {
        TestDevice.RequireHost();
        CudaContext lost = device.Context;
        CudaException fault = device.Fault(() => HostControl.WithFailure("cuCtxSynchronize", 700, lost.Synchronize));
        Assert.Equal(("CUDA_ERROR_ILLEGAL_ADDRESS", "cuCtxSynchronize"), (fault.Name, fault.Call));
        Assert.NotSame(lost, device.Context);
        device.Context.Synchronize();
    }
}
