using CudaSearch.Backends;
using CudaSearch.Backends.Cuda;
using CudaSearch.Checkpoints;
using CudaSearch.Cuda.Tests.Support;
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

    public void Dispose() => _folder.Dispose();

    // The nearest value of 8 significant bits, by arithmetic instead of by bits.
    private static float Nearest(float value)
    {
        if (value == 0f) return 0f;
        double unit = Math.ScaleB(1, Math.ILogB(value) - 7);
        return (float)(Math.Round(value / unit, MidpointRounding.ToEven) * unit);
    }
}
