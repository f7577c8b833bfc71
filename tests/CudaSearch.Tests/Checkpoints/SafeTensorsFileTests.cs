using System.Runtime.CompilerServices;
using CudaSearch.Checkpoints;

namespace CudaSearch.Tests.Checkpoints;

public sealed class SafeTensorsFileTests
{
    private static readonly float[] s_values = [0f, -0f, 1f, -1.5f, 0.1f, 65504f, 1e-7f, 3.14159274f];

    [Theory]
    [InlineData(ElementType.F32)]
    [InlineData(ElementType.F16)]
    [InlineData(ElementType.BF16)]
    public void GivesBackWhatWasWritten(ElementType type)
    {
        using TempFolder folder = new();
        string path = folder.File("a.safetensors");
        SafeTensorsWriter.Write(path, TensorData.Of("first", type, [2, 4], s_values), TensorData.Of("second", type, [8], [.. s_values.Reverse()]));
        using SafeTensorsFile file = SafeTensorsFile.Open(path);

        Assert.Equal(["first", "second"], file.Tensors.Keys);
        Assert.Equal("pt", file.Metadata["format"]);
        TensorView tensor = file.Tensors["first"];
        Assert.Equal((type, 8, 8 * type.Size()), (tensor.Type, tensor.ElementCount, tensor.ByteLength));
        Assert.Equal([2, 4], tensor.Shape);
        Assert.Equal(0, tensor.Pointer % type.Size());
        Assert.Equal(SafeTensorsWriter.Encode(type, s_values), tensor.AsSpan<byte>());
        float[] rounded = [.. s_values.Select(v => Round(type, v))];
        Assert.Equal(rounded, tensor.ToFloat32());
        Assert.Equal(rounded.Reverse(), file.Tensors["second"].ToFloat32());
    }

    [Fact]
    public void ReadsEveryHalfAndBFloat16()
    {
        byte[] all = new byte[2 * 65536];
        for (int i = 0; i < 65536; i++) BitConverter.TryWriteBytes(all.AsSpan(2 * i), (ushort)i);
        using TempFolder folder = new();
        string path = folder.File("a.safetensors");
        SafeTensorsWriter.Write(path, new TensorData("half", ElementType.F16, [65536], all), new TensorData("brain", ElementType.BF16, [65536], all));
        using SafeTensorsFile file = SafeTensorsFile.Open(path);
        float[] halves = file.Tensors["half"].ToFloat32(), brains = file.Tensors["brain"].ToFloat32();
        for (int i = 0; i < 65536; i++)
        {
            Assert.Equal((float)BitConverter.UInt16BitsToHalf((ushort)i), halves[i]);
            Assert.Equal(i, BitConverter.SingleToInt32Bits(brains[i]) >>> 16);
        }
    }

    [Fact]
    public void HoldsScalarsAndEmptyTensors()
    {
        using TempFolder folder = new();
        string path = folder.File("a.safetensors");
        SafeTensorsWriter.Write(path, TensorData.Of("none", ElementType.F32, [0, 7], []), TensorData.Of("one", ElementType.F32, [], [42]));
        using SafeTensorsFile file = SafeTensorsFile.Open(path);
        Assert.Empty(file.Tensors["none"].ToFloat32());
        Assert.Equal([42f], file.Tensors["one"].ToFloat32());
    }

    [Fact]
    public void AFileWithoutTensorsIsAFile()
    {
        using TempFolder folder = new();
        string path = folder.File("a.safetensors");
        File.WriteAllBytes(path, SafeTensorsWriter.ToBytes("{}  ", []));
        using SafeTensorsFile file = SafeTensorsFile.Open(path);
        Assert.Empty(file.Tensors);
        Assert.Empty(file.Metadata);
    }

    [Fact]
    public void RefusesSpansThatDoNotFit()
    {
        using TempFolder folder = new();
        string path = folder.File("a.safetensors");
        SafeTensorsWriter.Write(path, TensorData.Of("t", ElementType.BF16, [8], s_values));
        using SafeTensorsFile file = SafeTensorsFile.Open(path);
        TensorView tensor = file.Tensors["t"];
        Assert.Equal(8, tensor.AsSpan<ushort>().Length);
        Assert.Throws<InvalidOperationException>(() => tensor.AsSpan<float>().Length);
        Assert.Throws<ArgumentException>(() => tensor.CopyTo(new float[7]));
    }

    [Fact]
    public void ThrowsAfterDisposal()
    {
        using TempFolder folder = new();
        string path = folder.File("a.safetensors");
        SafeTensorsWriter.Write(path, TensorData.Of("t", ElementType.F32, [8], s_values));
        SafeTensorsFile file = SafeTensorsFile.Open(path);
        TensorView tensor = file.Tensors["t"];
        file.Dispose();
        file.Dispose();
        Assert.Throws<ObjectDisposedException>(() => file.Tensors);
        Assert.Throws<ObjectDisposedException>(() => tensor.Pointer);
        Assert.Throws<ObjectDisposedException>(() => tensor.AsSpan<float>().Length);
        Assert.Throws<ObjectDisposedException>(tensor.ToFloat32);
        File.Delete(path); // nothing holds it open
    }

    [Fact]
    public void IsUnmappedOnceNothingUsesIt()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "looks into /proc/self/maps");
        using TempFolder folder = new();
        string path = folder.File("a.safetensors");
        SafeTensorsWriter.Write(path, TensorData.Of("t", ElementType.F32, [8], s_values));
        UseAndForget(path);
        Assert.True(SpinWait.SpinUntil(() => !Collect().Contains(path), TimeSpan.FromSeconds(10)));

        // Opened and forgotten without disposal; a view alone keeps the map.
        [MethodImpl(MethodImplOptions.NoInlining)]
        static void UseAndForget(string path)
        {
            TensorView tensor = SafeTensorsFile.Open(path).Tensors["t"];
            Assert.Contains(path, Collect());
            Assert.Equal(s_values, tensor.ToFloat32());
        }

        static string Collect()
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return File.ReadAllText("/proc/self/maps");
        }
    }

    [Fact]
    public void TheTrainedBf16ModelIsTheRoundedF32Model()
    {
        using SafeTensorsFile wide = SafeTensorsFile.Open(SharedData.PathOf("models", "stories260K-f32", "model.safetensors"));
        using SafeTensorsFile narrow = SafeTensorsFile.Open(SharedData.PathOf("models", "stories260K-bf16", "model.safetensors"));
        Assert.Equal(wide.Tensors.Keys.Order(), narrow.Tensors.Keys.Order());
        Assert.Equal(260_032, wide.Tensors.Values.Sum(t => t.ElementCount));
        foreach ((string name, TensorView tensor) in wide.Tensors)
        {
            Assert.Equal(ElementType.BF16, narrow.Tensors[name].Type);
            Assert.Equal(tensor.ToFloat32().Select(SafeTensorsWriter.ToBFloat16), narrow.Tensors[name].AsSpan<ushort>().ToArray());
        }
    }

    private static float Round(ElementType type, float value) => type switch
    {
        ElementType.F32 => value,
        ElementType.F16 => (float)(Half)value,
        _ => BitConverter.Int32BitsToSingle(SafeTensorsWriter.ToBFloat16(value) << 16),
    };
}
