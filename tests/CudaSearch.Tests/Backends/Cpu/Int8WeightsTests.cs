using CudaSearch.Backends;
using CudaSearch.Backends.Cpu;
using CudaSearch.Backends.Cpu.Native;
using CudaSearch.Checkpoints;
using CudaSearch.Tests.Checkpoints;

namespace CudaSearch.Tests.Backends.Cpu;

/// <summary>Products over int8 weights against double precision over weights and inputs that the test itself rounds in groups of 128.</summary>
public sealed class Int8WeightsTests : IDisposable
{
    private const int Group = 128;

    private readonly TempFolder _folder = new();
    private readonly Random _random = new(3);
    private int _files;

    public static MatrixTheoryData<string, ElementType> PathsAndTypes() => new(Paths, [ElementType.F32, ElementType.BF16, ElementType.F16]);

    // Those that can run here; without any, the best path, whose test says so and skips.
    private static string[] Paths { get; } = [.. CpuBackend.Paths.Where(CanRun).DefaultIfEmpty(CpuBackend.Paths[0])];

    [Theory]
    [MemberData(nameof(PathsAndTypes))]
    public void ProductsAreThoseOfTheRoundedNumbers(string path, ElementType type)
    {
        using IBackend backend = Open(path);
        foreach (int length in (int[])[1, 37, 128, 129, 300])
        {
            foreach (int columns in (int[])[1, 4, 6, 65])
            {
                (DeviceWeight first, double[] a) = Weight(backend, type, columns, length);
                (DeviceWeight second, double[] b) = Weight(backend, type, columns, length);
                foreach (int rows in (int[])[1, 2, 3, 4, 5, 9, 66])
                {
                    // The normed rows of a residual stream are the input of both.
                    using var residual = (CpuResidual)backend.AllocateResidual(rows, Axis.Plain(length));
                    CpuTensor input = residual.Normed;
                    StepBatch batch = Batches.Of(rows);
                    using DeviceTensor product = backend.Allocate(rows, Axis.Plain(columns), ActivationType.Sum), gated = backend.Allocate(rows, Axis.Plain(columns), ActivationType.Operand);
                    double[] x = new double[rows * length];
                    for (int row = 0; row < rows; row++) Rounded(Fill(RowOf(input, row))).CopyTo(x.AsSpan(row * length));
                    backend.Linear(input, first, null, new Rows(RowSet.All, rows), product);
                    backend.GatedLinear(residual, first, second, batch, gated);
                    for (int row = 0; row < rows; row++)
                    {
                        for (int column = 0; column < columns; column++)
                        {
                            double gate = Dot(x, row, a, column, length), up = Dot(x, row, b, column, length);
                            Close(gate, RowOf(product, row)[column]);
                            Close(gate / (1 + Math.Exp(-gate)) * up, RowOf(gated, row)[column]);
                        }
                    }
                }
                first.Dispose();
                second.Dispose();
            }
        }
    }

    /// <summary>Whole numbers are exact whatever instruction adds them, and groups meet in one order.</summary>
    [Fact]
    public void EveryPathGivesTheSameBits()
    {
        const int Rows = 45, Columns = 70, Length = 300;
        float[] weights = Fill(new float[Columns * Length]).ToArray(), inputs = Fill(new float[Rows * Length]).ToArray();
        SafeTensorsWriter.Write(_folder.File("same"), TensorData.Of("w", ElementType.F32, [Columns, Length], weights));
        float[]? expected = null;
        foreach (string path in Paths)
        {
            using IBackend backend = Open(path);
            using var file = SafeTensorsFile.Open(_folder.File("same"));
            using DeviceWeight weight = backend.LoadWeight(file.Tensors["w"], Axis.Plain(Columns), Axis.Plain(Length));
            using DeviceTensor input = backend.Allocate(Rows, Axis.Plain(Length), ActivationType.Operand), output = backend.Allocate(Rows, Axis.Plain(Columns), ActivationType.Sum);
            for (int row = 0; row < Rows; row++) inputs.AsSpan(row * Length, Length).CopyTo(RowOf(input, row));
            backend.Linear(input, weight, null, new Rows(RowSet.All, Rows), output);
            float[] products = [.. Enumerable.Range(0, Rows).SelectMany(row => RowOf(output, row).ToArray())];
            expected ??= products;
            Assert.Equal(expected, products);
        }
    }

    [Fact]
    public void ARowOfZerosStaysZero()
    {
        using IBackend backend = Open(Paths[0]);
        SafeTensorsWriter.Write(_folder.File("zeros"), TensorData.Of("w", ElementType.F32, [2, 200], new float[400]));
        using var file = SafeTensorsFile.Open(_folder.File("zeros"));
        using DeviceWeight weight = backend.LoadWeight(file.Tensors["w"], Axis.Plain(2), Axis.Plain(200), WeightUse.Product, WeightPrecision.Int8);
        using DeviceTensor input = backend.Allocate(1, Axis.Plain(200), ActivationType.Operand), output = backend.Allocate(1, Axis.Plain(2), ActivationType.Sum);
        Fill(RowOf(input, 0));
        backend.Linear(input, weight, null, new Rows(RowSet.All, 1), output);
        Assert.Equal([0f, 0f], RowOf(output, 0).ToArray());
    }

    [Fact]
    public void AManagedPathRefusesThem()
    {
        using IBackend backend = CpuBackend.Create(1, CpuBackend.ManagedPaths[0]);
        var fault = Assert.Throws<CudaSearchException>(() => Weight(backend, ElementType.F32, 2, 128));
        Assert.Equal(Failure.DeviceUnavailable, fault.Failure);
        Assert.Contains("int8", fault.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private static unsafe bool CanRun(string path)
    {
        if (CpuBackend.ManagedPaths.Contains(path)) return false;
        try
        {
            return new NativePath(path).KernelsFor(WeightPrecision.Int8, ElementType.F32) is not null;
        }
        catch (CudaSearchException)
        {
            return false;
        }
    }

    private static IBackend Open(string path)
    {
        Assert.SkipUnless(CanRun(path), $"the path {path} has no int8 weights here");
        return CpuBackend.Create(2, path);
    }

    private (DeviceWeight Weight, double[] Rounded) Weight(IBackend backend, ElementType type, int rows, int columns)
    {
        float[] values = Fill(new float[rows * columns]).ToArray();
        string path = _folder.File($"{_files++}.safetensors");
        SafeTensorsWriter.Write(path, TensorData.Of("w", type, [rows, columns], values));
        using var file = SafeTensorsFile.Open(path);
        DeviceWeight weight = backend.LoadWeight(file.Tensors["w"], Axis.Plain(rows), Axis.Plain(columns), WeightUse.Product, WeightPrecision.Int8);
        float[] stored = file.Tensors["w"].ToFloat32();
        return (weight, [.. Enumerable.Range(0, rows).SelectMany(row => Rounded(stored.AsSpan(row * columns, columns)))]);
    }

    private Span<float> Fill(Span<float> values)
    {
        foreach (ref float value in values) value = (float)((_random.NextDouble() - 0.5) * Math.Pow(2, _random.Next(-3, 3)));
        return values;
    }

    /// <summary>Each run of 128 numbers in units of a 127th of the largest.</summary>
    private static double[] Rounded(ReadOnlySpan<float> values)
    {
        double[] rounded = new double[values.Length];
        for (int begin = 0; begin < values.Length; begin += Group)
        {
            float largest = 0;
            for (int i = begin; i < Math.Min(begin + Group, values.Length); i++) largest = Math.Max(largest, Math.Abs(values[i]));
            float scale = largest / 127f, inverse = 1f / scale;
            for (int i = begin; i < Math.Min(begin + Group, values.Length); i++) rounded[i] = MathF.Round(values[i] * inverse, MidpointRounding.ToEven) * (double)scale;
        }
        return rounded;
    }

    private static unsafe Span<float> RowOf(DeviceTensor tensor, int row) => new(((CpuTensor)tensor).Row(row), tensor.Columns);

    private static double Dot(double[] x, int row, double[] w, int column, int length)
    {
        double sum = 0;
        for (int i = 0; i < length; i++) sum += x[row * length + i] * w[column * length + i];
        return sum;
    }

    private static void Close(double expected, float actual) => Assert.InRange(actual, expected - 1e-4 - 1e-4 * Math.Abs(expected), expected + 1e-4 + 1e-4 * Math.Abs(expected));
}
