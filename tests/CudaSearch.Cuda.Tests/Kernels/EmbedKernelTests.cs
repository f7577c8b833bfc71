using System.Runtime.InteropServices;
using CudaSearch.Backends.Cuda;
using CudaSearch.Cuda.Tests.Support;

namespace CudaSearch.Cuda.Tests.Kernels;

public sealed class EmbedKernelTests(DeviceFixture device)
{
    private const int Vocabulary = 33;

    // Rows that a launch may have beyond those of the pass: they must stay as they are.
    private const int Spare = 2;

    [Theory]
    [InlineData(64, 1)]
    [InlineData(128, 17)]
    [InlineData(192, 3)]
    [InlineData(2048, 2)]
    [InlineData(2112, 1)]
    public void WidensTheRowOfEveryToken(int columns, int rows)
    {
        ushort[] table = Rounding.Random(new Random(columns), Vocabulary * columns);
        int[] tokens = [.. Enumerable.Range(0, rows).Select(i => i * 16 % Vocabulary)];
        tokens[^1] = Vocabulary - 1;

        byte[] output = Schedules.Run(() => Run(new EmbedKernel(device.Kernels), table, tokens, columns));

        float[] hidden = MemoryMarshal.Cast<byte, float>(output).ToArray();
        int wrong = 0;
        for (int i = 0; i < rows * columns; i++)
        {
            if (hidden[i] != Rounding.FromBf16(table[tokens[i / columns] * columns + i % columns])) wrong++;
        }
        Assert.Equal(0, wrong);
        Assert.All(output[(rows * columns * sizeof(float))..], spare => Assert.Equal(0xFF, spare));
    }

    [Fact]
    public void RefusesRowsThatAreNotPadded()
    {
        var kernel = new EmbedKernel(device.Kernels);
        foreach (int columns in new[] { -64, 0, 8, 100 })
            Assert.Throws<ArgumentException>(() => kernel.Launch(device.Stream, 1, default, default, default, columns));
    }

    [Fact]
    public void CatchesAMissingBound()
    {
        ushort[] table = Rounding.Random(new Random(1), Vocabulary * 64);
        byte[] right = Run(new EmbedKernel(device.Kernels), table, [5, 7], 64);
        Mutation.RequireCaught(device, () =>
        {
            using CudaModule module = device.LoadMutation("embed_no_bound");
            return Run(new EmbedKernel(module.GetKernel<EmbedKernel.Arguments>("embed_bf16")), table, [5, 7], 64);
        }, right);
    }

    private byte[] Run(EmbedKernel kernel, ushort[] table, int[] tokens, int columns)
    {
        using CudaDeviceVariable<int> pass = device.Upload<int>(new RowPass { TokenIds = tokens }.ToWords());
        using CudaDeviceVariable<ushort> weights = device.Upload<ushort>(table);
        using CudaDeviceVariable<float> hidden = device.Poisoned<float>((tokens.Length + Spare) * columns);
        kernel.Launch(device.Stream, tokens.Length + Spare, pass.Pointer, weights.Pointer, hidden.Pointer, columns);
        device.Stream.Synchronize();
        return MemoryMarshal.AsBytes<float>(device.Download(hidden)).ToArray();
    }
}
