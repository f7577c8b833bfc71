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
    public void WidensTheRowOfEveryTokenAndPreparesItsNorm(int columns, int rows)
    {
        ushort[] table = Rounding.Random(new Random(columns), Vocabulary * columns);
        int[] tokens = [.. Enumerable.Range(0, rows).Select(i => i * 16 % Vocabulary)];
        tokens[^1] = Vocabulary - 1;

        byte[][] outputs = Schedules.Run(() => Run(new EmbedKernel(device.Kernels), table, tokens, columns));

        float[] hidden = MemoryMarshal.Cast<byte, float>(outputs[0]).ToArray();
        int wrong = 0;
        for (int i = 0; i < rows * columns; i++)
        {
            if (hidden[i] != Rounding.FromBf16(table[tokens[i / columns] * columns + i % columns])) wrong++;
        }
        Assert.Equal(0, wrong);
        Assert.All(outputs[0][(rows * columns * sizeof(float))..], spare => Assert.Equal(0xFF, spare));
        PreparedNorm.RequireRight(hidden.AsSpan(0, rows * columns), NormWeight(columns), outputs[1], outputs[2]);
    }

    [Fact]
    public void RefusesRowsThatAreNotPadded()
    {
        var kernel = new EmbedKernel(device.Kernels);
        foreach (int columns in new[] { -64, 0, 8, 100 })
            Assert.Throws<ArgumentException>(() => kernel.Launch(device.Stream, 1, default, default, default, default, columns));
    }

    [Fact]
    public void CatchesAMissingBound()
    {
        ushort[] table = Rounding.Random(new Random(1), Vocabulary * 64);
        byte[] right = [.. Run(new EmbedKernel(device.Kernels), table, [5, 7], 64).SelectMany(output => output)];
        Mutation.RequireCaught(device, () =>
        {
            using CudaModule module = device.LoadMutation("embed_no_bound");
            var kernel = new EmbedKernel(module.GetKernel<EmbedKernel.Arguments>("embed_bf16"));
            return [.. Run(kernel, table, [5, 7], 64).SelectMany(output => output)];
        }, right);
    }

    private static ushort[] NormWeight(int columns) => Rounding.Random(new Random(columns + 1), columns, 2f);

    private byte[][] Run(EmbedKernel kernel, ushort[] table, int[] tokens, int columns)
    {
        int capacity = tokens.Length + Spare;
        using CudaDeviceVariable<int> pass = device.Upload<int>(new RowPass { TokenIds = tokens }.ToWords());
        using CudaDeviceVariable<ushort> weights = device.Upload<ushort>(table);
        using CudaDeviceVariable<float> hidden = device.Poisoned<float>(capacity * columns);
        using var norm = new PreparedNorm(device, NormWeight(columns), capacity);
        kernel.Launch(device.Stream, capacity, pass.Pointer, weights.Pointer, hidden.Pointer, norm.Next, columns);
        device.Stream.Synchronize();
        return [MemoryMarshal.AsBytes<float>(device.Download(hidden)).ToArray(), .. norm.Download()];
    }
}
