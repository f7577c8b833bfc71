using System.Runtime.InteropServices;
using CudaSearch.Backends;
using CudaSearch.Backends.Cuda;
using CudaSearch.Checkpoints;
using CudaSearch.Cuda.Tests.Kernels;
using CudaSearch.Cuda.Tests.Support;
using CudaSearch.Tests.Backends;
using CudaSearch.Tests.Checkpoints;

namespace CudaSearch.Cuda.Tests.Backends;

/// <summary>Weights on the device are the checkpoint's, rounded once, with zeros where they were padded.</summary>
public sealed class WeightLoaderTests(DeviceFixture device) : IDisposable
{
    private readonly TempFolder _folder = new();

    // The last is larger than both staging buffers together.
    [Theory]
    [InlineData(ElementType.F32, 5, 70)]
    [InlineData(ElementType.F16, 64, 64)]
    [InlineData(ElementType.BF16, 3, 128)]
    [InlineData(ElementType.BF16, 1, 100)]
    [InlineData(ElementType.BF16, 4200, 2048)]
    public void AMatrixArrivesWhole(ElementType type, int rows, int columns)
    {
        var random = new Random(1);
        string path = _folder.File("weight.safetensors");
        float[] values = [.. Enumerable.Range(0, rows * columns).Select(_ => 2 * random.NextSingle() - 1)];
        SafeTensorsWriter.Write(path, TensorData.Of("w", type, rows == 1 ? [columns] : [rows, columns], values));
        using SafeTensorsFile file = SafeTensorsFile.Open(path);
        using var loader = new WeightLoader(device.Stream);
        using CudaWeight weight = loader.Load(file.Tensors["w"], Axis.Plain(rows), Axis.Plain(columns));
        device.Stream.Synchronize();

        ushort[] loaded = device.Download(weight.Data);
        float[] expected = file.Tensors["w"].ToFloat32();
        Assert.Equal((long)weight.PaddedRows * weight.PaddedColumns, loaded.Length);
        int bad = 0;
        for (int i = 0; i < loaded.Length; i++)
        {
            (int row, int column) = int.DivRem(i, weight.PaddedColumns);
            float wanted = row < rows && column < columns ? Nearest(expected[row * columns + column]) : 0f;
            if (BitConverter.UInt32BitsToSingle((uint)loaded[i] << 16) != wanted) bad++;
        }
        Assert.Equal(0, bad);
    }

    // Codes in the kernels' order, and a scale for each row behind the last.
    [Theory]
    [InlineData(ElementType.F32, 5, 70)]
    [InlineData(ElementType.F16, 64, 64)]
    [InlineData(ElementType.BF16, 4200, 2048)]
    public void AMatrixIsRoundedRowByRow(ElementType type, int rows, int columns)
    {
        var random = new Random(2);
        string path = _folder.File("weight.safetensors");
        float[] values = [.. Enumerable.Range(0, rows * columns).Select(_ => 2 * random.NextSingle() - 1)];
        values.AsSpan(columns, columns).Clear();
        SafeTensorsWriter.Write(path, TensorData.Of("w", type, [rows, columns], values));
        using SafeTensorsFile file = SafeTensorsFile.Open(path);
        using var loader = new WeightLoader(device.Stream);
        using CudaWeight weight = loader.Load(file.Tensors["w"], Axis.Plain(rows), Axis.Plain(columns), WeightPrecision.Fp8);
        device.Stream.Synchronize();

        byte[] loaded = MemoryMarshal.AsBytes<ushort>(device.Download(weight.Data)).ToArray();
        Assert.Equal(weight.PaddedRows * (weight.PaddedColumns + sizeof(float)), loaded.Length);
        ReadOnlySpan<float> scales = MemoryMarshal.Cast<byte, float>(loaded.AsSpan(weight.PaddedRows * weight.PaddedColumns));
        float[][] expected = [.. file.Tensors["w"].ToFloat32().Chunk(columns)];
        int bad = 0;
        // Of a large matrix some rows at the edges of the pieces that it is loaded in.
        foreach (int row in Enumerable.Range(0, weight.PaddedRows).Where(row => row < 8 || row % 256 < 2 || row >= rows))
        {
            float scale = row < rows ? E4M3Reference.ScaleOf(expected[row]) : 0;
            if (scales[row] != scale) bad++;
            for (int column = 0; column < weight.PaddedColumns; column++)
            {
                int code = loaded[row * weight.PaddedColumns + E4M3Matrix.Place(column)];
                if (code != (scale > 0 && column < columns ? E4M3Reference.Round(expected[row][column] / scale) : 0)) bad++;
            }
        }
        Assert.Equal(0, bad);
    }

    [Fact]
    public void Int8IsRefused()
    {
        string path = _folder.File("weight.safetensors");
        SafeTensorsWriter.Write(path, TensorData.Of("w", ElementType.F32, [2, 2], new float[4]));
        using SafeTensorsFile file = SafeTensorsFile.Open(path);
        using var loader = new WeightLoader(device.Stream);
        var fault = Assert.Throws<CudaSearchException>(() => loader.Load(file.Tensors["w"], Axis.Plain(2), Axis.Plain(2), WeightPrecision.Int8));
        Assert.Contains("--device cpu", fault.Message, StringComparison.Ordinal);
    }

    // Queries and keys of two and one padded heads, their halves in turn, then values in the plain order; matrices and their biases.
    [Fact]
    public void PartsLieBehindOneAnother()
    {
        const int HeadSize = 6, Hidden = 5, Padded = 64;
        string path = _folder.File("parts.safetensors");
        Axis two = Axis.OfHeads(2, HeadSize), one = Axis.OfHeads(1, HeadSize);
        // Element c of row r of tensor t is 100 t + 10 r + c, and element r of a bias 100 t + r, to the nearest bf16.
        SafeTensorsWriter.Write(path, Parts("q", 1, 12), Parts("k", 2, 6), Parts("v", 3, 6), Bias("qb", 1, 12), Bias("kb", 2, 6), Bias("vb", 3, 6));
        using SafeTensorsFile file = SafeTensorsFile.Open(path);
        using var loader = new WeightLoader(device.Stream);
        using CudaWeight matrix = loader.LoadMatrix(Heads("q", "k", "v"), Axis.Plain(Hidden));
        using CudaWeight vector = loader.LoadVector(Heads("qb", "kb", "vb"));
        device.Stream.Synchronize();

        Assert.Equal((24, Hidden, 4 * Padded, 64), (matrix.Rows, matrix.Columns, matrix.PaddedRows, matrix.PaddedColumns));
        Assert.Equal((1, 24, 1, 4 * Padded), (vector.Rows, vector.Columns, vector.PaddedRows, vector.PaddedColumns));
        var expected = new float[4 * Padded, 64];
        var expectedBias = new float[4 * Padded];
        int[] headTensors = [1, 1, 2, 3], headFirstRows = [0, 6, 0, 0];
        for (int head = 0; head < 4; head++)
        {
            for (int i = 0; i < HeadSize; i++)
            {
                (int side, int offset) = int.DivRem(i, HeadSize / 2);
                int place = head * Padded + (head < 3 ? 2 * offset + side : side * (Padded / 2) + offset);
                for (int c = 0; c < Hidden; c++) expected[place, c] = Element(headTensors[head], headFirstRows[head] + i, c);
                expectedBias[place] = Nearest(100 * headTensors[head] + headFirstRows[head] + i);
            }
        }
        Assert.Equal(expected.Cast<float>(), device.Download(matrix.Data).Select(Value));
        Assert.Equal(expectedBias, device.Download(vector.Data).Select(Value));

        WeightPart[] Heads(string q, string k, string v) =>
            [new(file.Tensors[q], two, Paired: true), new(file.Tensors[k], one, Paired: true), new(file.Tensors[v], one)];
        static float Element(int tensor, int row, int column) => Nearest(100 * tensor + 10 * row + column);
        static TensorData Parts(string name, int tensor, int rows) => TensorData.Of(
            name, ElementType.F32, [rows, Hidden], [.. Enumerable.Range(0, rows * Hidden).Select(i => (float)(100 * tensor + 10 * (i / Hidden) + i % Hidden))]);
        static TensorData Bias(string name, int tensor, int length) =>
            TensorData.Of(name, ElementType.BF16, [length], [.. Enumerable.Range(0, length).Select(i => Nearest(100 * tensor + i))]);
        static float Value(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);
    }

    public void Dispose() => _folder.Dispose();

    // The nearest value of 8 significant bits, by arithmetic instead of by bits.
    private static float Nearest(float value)
    {
        if (value == 0f) return 0f;
        double unit = Math.ScaleB(1, Math.ILogB(value) - 7);
        return (float)(Math.Round(value / unit, MidpointRounding.ToEven) * unit);
    }
}
