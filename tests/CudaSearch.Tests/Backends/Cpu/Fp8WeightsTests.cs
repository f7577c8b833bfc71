using CudaSearch.Backends;
using CudaSearch.Backends.Cpu;
using CudaSearch.Checkpoints;
using CudaSearch.Tests.Checkpoints;

namespace CudaSearch.Tests.Backends.Cpu;

/// <summary>Products over weights in e4m3 against double precision over weights that the test itself rounds, row by row.</summary>
public sealed class Fp8WeightsTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly Random _random = new(5);
    private int _files;

    public static TheoryData<string, ElementType> Paths()
    {
        var paths = new TheoryData<string, ElementType>();
        foreach (string path in CpuBackend.Paths.Except(CpuBackend.ManagedPaths))
        {
            foreach (ElementType type in (ElementType[])[ElementType.F32, ElementType.BF16, ElementType.F16]) paths.Add(path, type);
        }
        return paths;
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void ProductsAreThoseOfTheRoundedNumbers(string path, ElementType type)
    {
        using IBackend backend = CpuBackend.Create(2, path);
        foreach (int length in (int[])[1, 3, 37, 128, 300])
        {
            foreach (int columns in (int[])[1, 6, 65])
            {
                (DeviceWeight first, double[][] a) = Weight(backend, type, columns, length);
                (DeviceWeight second, double[][] b) = Weight(backend, type, columns, length);
                foreach (int rows in (int[])[1, 2, 5, 13, 66])
                {
                    // The normed rows of a residual stream are the input of both.
                    using var residual = (CpuResidual)backend.AllocateResidual(rows, Axis.Plain(length));
                    CpuTensor input = residual.Normed;
                    using DeviceTensor product = backend.Allocate(rows, Axis.Plain(columns), ActivationType.Sum), gated = backend.Allocate(rows, Axis.Plain(columns), ActivationType.Operand);
                    for (int row = 0; row < rows; row++) Fill(RowOf(input, row));
                    backend.Linear(input, first, null, new Rows(RowSet.All, rows), product);
                    backend.GatedLinear(residual, first, second, Batches.Of(rows), gated);
                    for (int row = 0; row < rows; row++)
                    {
                        for (int column = 0; column < columns; column++)
                        {
                            double gate = Dot(RowOf(input, row), a[column]), up = Dot(RowOf(input, row), b[column]);
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

    [Fact]
    public void AManagedPathRefusesThem()
    {
        using IBackend backend = CpuBackend.Create(1, CpuBackend.ManagedPaths[0]);
        var fault = Assert.Throws<CudaSearchException>(() => Weight(backend, ElementType.F32, 2, 128));
        Assert.Equal(Failure.DeviceUnavailable, fault.Failure);
        Assert.Contains("fp8", fault.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    // A row of zeros among them.
    private (DeviceWeight Weight, double[][] Rounded) Weight(IBackend backend, ElementType type, int rows, int columns)
    {
        float[] values = new float[rows * columns];
        for (int row = 0; row < rows; row++)
        {
            if (row != 3) Fill(values.AsSpan(row * columns, columns));
        }
        string path = _folder.File($"{_files++}.safetensors");
        SafeTensorsWriter.Write(path, TensorData.Of("w", type, [rows, columns], values));
        using var file = SafeTensorsFile.Open(path);
        DeviceWeight weight = backend.LoadWeight(file.Tensors["w"], Axis.Plain(rows), Axis.Plain(columns), WeightUse.Product, WeightPrecision.Fp8);
        return (weight, [.. file.Tensors["w"].ToFloat32().Chunk(columns).Select(E4M3Reference.Rounded)]);
    }

    // Magnitudes over twenty powers of two, so that some codes are subnormal.
    private void Fill(Span<float> values)
    {
        foreach (ref float value in values) value = (float)((_random.NextDouble() - 0.5) * Math.Pow(2, _random.Next(-18, 3)));
    }

    private static unsafe Span<float> RowOf(DeviceTensor tensor, int row) => new(((CpuTensor)tensor).Row(row), tensor.Columns);

    private static double Dot(ReadOnlySpan<float> x, double[] w)
    {
        double sum = 0;
        for (int i = 0; i < w.Length; i++) sum += x[i] * w[i];
        return sum;
    }

    private static void Close(double expected, float actual) => Assert.InRange(actual, expected - 1e-5 - 1e-5 * Math.Abs(expected), expected + 1e-5 + 1e-5 * Math.Abs(expected));
}
