using System.Runtime.InteropServices;
using CudaSearch.Backends.Cuda;
using CudaSearch.Cuda.Tests.Support;

namespace CudaSearch.Cuda.Tests.Kernels;

public sealed class RmsNormKernelTests(DeviceFixture device)
{
    private const float Epsilon = 1e-5f;

    // Rows that a launch may have beyond those of the pass: they must stay as they are.
    private const int Spare = 2;

    [Theory]
    [InlineData(64, 64, 1f)]
    [InlineData(128, 128, 1f)]
    [InlineData(192, 192, 1e-4f)]
    [InlineData(2048, 2048, 100f)]
    [InlineData(1, 64, 3f)]
    [InlineData(65, 128, 1f)]
    [InlineData(300, 320, 1e15f)]
    [InlineData(2050, 2112, 1f)]
    public void NormalizesEveryRow(int columns, int stride, float scale)
    {
        const int Rows = 5;
        Data data = Data.Create(Rows, columns, stride, scale);
        byte[] output = Schedules.Run(() => Run(Kernel, data, rowSet: 0, [1, 3]));
        RequireRight(data, output, [.. Enumerable.Range(0, Rows)]);
    }

    [Theory]
    [InlineData(128, 128)]
    [InlineData(100, 128)]
    public void GathersTheOutputRows(int columns, int stride)
    {
        Data data = Data.Create(9, columns, stride, 1f);
        int[] gathered = [8, 0, 3];
        byte[] output = Schedules.Run(() => Run(Kernel, data, rowSet: 1, gathered));
        RequireRight(data, output, gathered);
    }

    [Fact]
    public void ARowOfZerosStaysZero()
    {
        Data data = Data.Create(1, 64, 64, 0f);
        ReadOnlySpan<ushort> output = MemoryMarshal.Cast<byte, ushort>(Run(Kernel, data, rowSet: 0, []));
        Assert.All(output[..64].ToArray(), value => Assert.Equal(0f, Rounding.FromBf16(value)));
    }

    [Fact]
    public void ARowComesOutTheSameAloneAndAmongOthers()
    {
        Data many = Data.Create(7, 700, 704, 2f);
        byte[] together = Run(Kernel, many, rowSet: 0, []);
        int rowBytes = many.Stride * sizeof(ushort);
        for (int row = 0; row < many.Rows; row++)
        {
            Data alone = many with { Rows = 1, Input = many.Input[(row * many.Stride)..((row + 1) * many.Stride)] };
            Assert.Equal(together[(row * rowBytes)..((row + 1) * rowBytes)], Run(Kernel, alone, rowSet: 0, [])[..rowBytes]);
        }
    }

    [Theory]
    [InlineData("no_barrier")]
    [InlineData("no_bound")]
    public void CatchesABrokenKernel(string what)
    {
        Data data = Data.Create(2, 700, 704, 1f);
        byte[] right = Run(Kernel, data, rowSet: 1, [1]);
        Mutation.RequireCaught(device, () =>
        {
            using CudaModule module = device.LoadMutation($"rms_norm_{what}");
            return Run(new RmsNormKernel(module.GetKernel<RmsNormKernel.Arguments>("rms_norm_bf16")), data, rowSet: 1, [1]);
        }, right);
    }

    private RmsNormKernel Kernel => new(device.Kernels);

    private byte[] Run(RmsNormKernel kernel, Data data, int rowSet, int[] outputRows)
    {
        int capacity = (rowSet == 0 ? data.Rows : outputRows.Length) + Spare;
        using CudaDeviceVariable<int> pass = device.Upload<int>(new RowPass { Rows = data.Rows, OutputRows = outputRows }.ToWords());
        using CudaDeviceVariable<float> input = device.Upload<float>(data.Input);
        using CudaDeviceVariable<ushort> weight = device.Upload<ushort>(data.Weight);
        using CudaDeviceVariable<ushort> output = device.Poisoned<ushort>(capacity * data.Stride);
        kernel.Launch(
            device.Stream, capacity, pass.Pointer, rowSet, input.Pointer, weight.Pointer, output.Pointer,
            data.Columns, data.Stride, Epsilon);
        device.Stream.Synchronize();
        return MemoryMarshal.AsBytes<ushort>(device.Download(output)).ToArray();
    }

    // The only rounding that shows is that to bf16, of eight binary places; a little for the float32 arithmetic before it.
    private static void RequireRight(Data data, byte[] output, int[] rows)
    {
        ReadOnlySpan<ushort> values = MemoryMarshal.Cast<byte, ushort>(output);
        int wrong = 0;
        for (int i = 0; i < rows.Length; i++)
        {
            ReadOnlySpan<float> x = data.Input.AsSpan(rows[i] * data.Stride, data.Columns);
            double squares = 0;
            foreach (float v in x) squares += (double)v * v;
            double scale = 1 / Math.Sqrt(squares / data.Columns + Epsilon);
            ReadOnlySpan<ushort> y = values.Slice(i * data.Stride, data.Stride);
            for (int j = 0; j < data.Columns; j++)
            {
                double expected = x[j] * scale * Rounding.FromBf16(data.Weight[j]);
                if (!(Math.Abs(Rounding.FromBf16(y[j]) - expected) <= Math.Abs(expected) * (1.01 / 256) + 1e-38)) wrong++;
            }
            for (int j = data.Columns; j < data.Stride; j++)
            {
                if (y[j] != 0) wrong++;
            }
        }
        Assert.Equal(0, wrong);
        Assert.All(values[(rows.Length * data.Stride)..].ToArray(), spare => Assert.Equal(0xFFFF, spare));
    }

    /// <summary>Rows and a weight, zero beyond the columns.</summary>
    private sealed record Data(int Rows, int Columns, int Stride, float[] Input, ushort[] Weight)
    {
        public static Data Create(int rows, int columns, int stride, float scale)
        {
            var random = new Random(columns);
            var input = new float[rows * stride];
            for (int i = 0; i < input.Length; i++)
            {
                if (i % stride < columns) input[i] = (random.NextSingle() - 0.4f) * scale;
            }
            ushort[] weight = Rounding.Random(random, stride, 2f);
            weight.AsSpan(columns).Clear();
            return new(rows, columns, stride, input, weight);
        }
    }
}
