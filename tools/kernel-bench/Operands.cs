using CudaSearch.Backends.Cuda.Ladder;
using CudaSearch.Cuda;

namespace KernelBench;

/// <summary>Input, weight and output of a product on the device, with random numbers: zeros would draw less power and run faster.</summary>
internal sealed class Operands : IDisposable
{
    // One run of random numbers, repeated; of a length that shares no factor with rows, so that no two of them are alike.
    private const int RunLength = (1 << 22) - 3;

    // The counts of a pass block that a linear layer reads are the first two words of its header.
    private const int HeaderWords = 32;

    private static readonly ushort[] s_run = MakeRun();

    private readonly CudaStream _stream;
    private readonly CudaDeviceVariable<int> _pass = new(HeaderWords);
    private readonly CudaDeviceVariable<ushort> _input, _weight, _output;

    /// <param name="stream">Where products are queued.</param>
    /// <param name="shape">The weight.</param>
    /// <param name="mostRows">Rows of the largest product.</param>
    public Operands(CudaStream stream, ProductShape shape, int mostRows)
    {
        (_stream, Shape) = (stream, shape);
        _input = Fill((long)mostRows * shape.K);
        _weight = Fill((long)shape.N * shape.K);
        _output = new CudaDeviceVariable<ushort>((long)mostRows * shape.N);
    }

    /// <summary>The weight's shape.</summary>
    public ProductShape Shape { get; }

    /// <summary>The product of the first m rows.</summary>
    public LinearProduct Product(int m)
    {
        int[] header = new int[HeaderWords];
        header[0] = header[1] = m;
        _pass.CopyFrom(header);
        return new LinearProduct(_pass.Pointer, 0, _input.Pointer, _weight.Pointer, default, _output.Pointer, m, Shape.N, Shape.K);
    }

    /// <summary>Makes an output that is left out show as NaN.</summary>
    public void PoisonOutput() => _output.Fill(0xFF, _stream);

    /// <summary>The output of the first m rows, after all queued work.</summary>
    public ushort[] Output(int m)
    {
        var output = new ushort[m * Shape.N];
        _stream.Synchronize();
        _output.CopyTo(output);
        return output;
    }

    /// <summary>An output in double precision, and how far a float32 chain of sums may be from it.</summary>
    /// <remarks>Products of bf16 are exact in float32; each addition may lose a unit of the last place of a partial sum.</remarks>
    public (double Value, double Error) Exact(int row, int column)
    {
        double value = 0, magnitude = 0;
        for (int i = 0; i < Shape.K; i++)
        {
            double product = (double)Element(((long)row * Shape.K) + i) * Element(((long)column * Shape.K) + i);
            value += product;
            magnitude += Math.Abs(product);
        }
        return (value, magnitude * Shape.K * Math.ScaleB(1, -23));
    }

    /// <summary>The number that a bf16 stands for.</summary>
    public static float Widen(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);

    /// <inheritdoc/>
    public void Dispose()
    {
        _pass.Dispose();
        _input.Dispose();
        _weight.Dispose();
        _output.Dispose();
    }

    /// <summary>The number that <see cref="Fill"/> puts there.</summary>
    internal static float Element(long index) => Widen(s_run[index % RunLength]);

    /// <summary>So many random numbers on the device.</summary>
    internal static CudaDeviceVariable<ushort> Fill(long length)
    {
        var variable = new CudaDeviceVariable<ushort>(length);
        for (long start = 0; start < length; start += RunLength) variable.CopyFrom(s_run.AsSpan(0, (int)Math.Min(RunLength, length - start)), start);
        return variable;
    }

    // bf16 in (-1, 1), all bits of the mantissa in use.
    private static ushort[] MakeRun()
    {
        var random = new Random(7);
        var run = new ushort[RunLength];
        for (int i = 0; i < run.Length; i++) run[i] = (ushort)(BitConverter.SingleToUInt32Bits((2 * random.NextSingle()) - 1) >> 16);
        return run;
    }
}
