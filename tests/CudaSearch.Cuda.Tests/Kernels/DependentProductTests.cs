using CudaSearch.Backends.Cuda;
using CudaSearch.Cuda.Tests.Support;

namespace CudaSearch.Cuda.Tests.Kernels;

/// <summary>A product whose input is another product's output, and which starts before that is there: weights may be fetched then, nothing else.</summary>
public sealed class DependentProductTests(DeviceFixture device)
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void TheInputIsReadAfterTheWait(int tile)
    {
        long before = TestDevice.IsGpu ? 0 : HostControl.Counters.DependentKernelsRun;
        byte[] output = Schedules.Run(() => Run(new LinearKernel(device.Kernels), tile));
        Assert.Equal(Run(new LinearKernel(device.Kernels), 1), output);
        if (!TestDevice.IsGpu) Assert.Equal(5, HostControl.Counters.DependentKernelsRun - before);
    }

    [Theory]
    [InlineData("no_predecessor_wait")]
    [InlineData("input_before_wait")]
    [InlineData("exit_before_wait")]
    public void CatchesABrokenKernel(string what)
    {
        byte[] right = Run(new LinearKernel(device.Kernels), 1);
        Mutation.RequireCaught(device, () =>
        {
            using CudaModule module = device.LoadMutation($"linear_{what}");
            return Run(new LinearKernel(module.GetKernel<LinearKernel.Arguments>), 1);
        }, right);
    }

    private byte[] Run(LinearKernel kernel, int tile)
    {
        const int Rows = 20, Capacity = 300;
        var data = new GemmCase(Rows, 128, 128);
        using CudaDeviceVariable<int> pass = device.Upload<int>(new RowPass { Rows = Rows }.ToWords());
        using CudaDeviceVariable<ushort> input = device.Upload<ushort>(data.Input);
        using CudaDeviceVariable<ushort> weight = device.Upload<ushort>(data.Weight);
        using CudaDeviceVariable<ushort> between = device.Poisoned<ushort>(Rows * 128);
        using CudaDeviceVariable<byte> output = device.Poisoned<byte>(Rows * 128 * sizeof(ushort));
        foreach ((DevicePointer from, DevicePointer to) in new[] { (input.Pointer, between.Pointer), (between.Pointer, output.Pointer) })
            kernel.Launch(tile, device.Stream, pass.Pointer, from, weight.Pointer, default, to, rowSet: 0, Capacity, 128, 128, LinearOutput.BFloat16);
        device.Stream.Synchronize();
        return device.Download(output);
    }
}
