using CudaSearch.Backends.Cuda.Ladder;
using CudaSearch.Cuda.Tests.Support;

namespace CudaSearch.Cuda.Tests.Kernels;

/// <summary>Runs a rung of the ladder on the operands of a case.</summary>
internal static class LadderRunner
{
    /// <summary>Rows that a launch may have beyond those of the pass: they hold NaN, and must neither show nor be written.</summary>
    public const int Spare = 20;

    /// <summary>The output, [M + spare, N] bf16, poisoned before each launch.</summary>
    public static byte[] Run(
        DeviceFixture device, LinearRung rung, GemmCase data, bool withBias = false, int rowSet = 0, int spare = Spare, int launches = 1)
    {
        int capacity = data.M + spare;
        // The set that is not asked for is larger: it must not be taken for the other.
        int[] pass = new RowPass { Rows = data.M, OutputRows = new int[data.M] }.ToWords();
        pass[1 - rowSet] = capacity;
        using CudaDeviceVariable<int> block = device.Upload<int>(pass);
        using CudaDeviceVariable<ushort> input = device.Poisoned<ushort>(capacity * data.K);
        input.CopyFrom(data.Input);
        using CudaDeviceVariable<ushort> weight = device.Upload<ushort>(data.Weight);
        using CudaDeviceVariable<ushort> bias = device.Upload<ushort>(data.Bias);
        using CudaDeviceVariable<byte> output = new CudaDeviceVariable<byte>(capacity * data.N * sizeof(ushort));
        var product = new LinearProduct(
            block.Pointer, rowSet, input.Pointer, weight.Pointer, withBias ? bias.Pointer : default, output.Pointer, capacity, data.N, data.K);
        using LinearRun run = rung.Prepare(device.Stream, product);
        for (int launch = 0; launch < launches; launch++)
        {
            output.Fill(0xFF, device.Stream);
            run.Launch(device.Stream);
        }
        device.Stream.Synchronize();
        return device.Download(output);
    }
}
