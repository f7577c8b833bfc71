using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using CudaSearch.Checkpoints;

namespace CudaSearch.Tests.Checkpoints;

/// <summary>A tensor to be written: its elements already encoded, row-major, little-endian.</summary>
internal sealed record TensorData(string Name, ElementType Type, long[] Shape, byte[] Bytes)
{
    /// <summary>A tensor of float values, rounded to the nearest of <paramref name="type"/>.</summary>
    public static TensorData Of(string name, ElementType type, long[] shape, ReadOnlySpan<float> values) =>
        new(name, type, shape, SafeTensorsWriter.Encode(type, values));
}

/// <summary>Writes safetensors files: well-formed ones from tensors, malformed ones from any header text.</summary>
internal static class SafeTensorsWriter
{
    public static void Write(string path, params IEnumerable<TensorData> tensors) => File.WriteAllBytes(path, ToBytes([.. tensors]));

    public static byte[] ToBytes(IReadOnlyList<TensorData> tensors)
    {
        using MemoryStream header = new();
        using (Utf8JsonWriter json = new(header))
        {
            json.WriteStartObject();
            json.WriteStartObject("__metadata__");
            json.WriteString("format", "pt");
            json.WriteEndObject();
            long offset = 0;
            foreach (TensorData tensor in tensors)
            {
                json.WriteStartObject(tensor.Name);
                json.WriteString("dtype", tensor.Type.ToString());
                WriteIntegers(json, "shape", tensor.Shape);
                WriteIntegers(json, "data_offsets", [offset, offset += tensor.Bytes.Length]);
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        byte[] data = [.. tensors.SelectMany(t => t.Bytes)];
        string text = Encoding.UTF8.GetString(header.ToArray());
        return ToBytes(text.PadRight(text.Length + ((8 - (int)(header.Length % 8)) % 8)), data);
    }

    /// <summary>A file of exactly this header and data.</summary>
    public static byte[] ToBytes(string header, byte[] data)
    {
        byte[] headerBytes = Encoding.UTF8.GetBytes(header);
        byte[] length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, headerBytes.Length);
        return [.. length, .. headerBytes, .. data];
    }

    public static byte[] Encode(ElementType type, ReadOnlySpan<float> values)
    {
        byte[] bytes = new byte[values.Length * type.Size()];
        for (int i = 0; i < values.Length; i++)
        {
            Span<byte> place = bytes.AsSpan(i * type.Size());
            switch (type)
            {
                case ElementType.F32: BinaryPrimitives.WriteSingleLittleEndian(place, values[i]); break;
                case ElementType.F16: BinaryPrimitives.WriteHalfLittleEndian(place, (Half)values[i]); break;
                default: BinaryPrimitives.WriteUInt16LittleEndian(place, ToBFloat16(values[i])); break;
            }
        }
        return bytes;
    }

    /// <summary>The bits of the nearest bfloat16, ties to even; NaN is not handled.</summary>
    public static ushort ToBFloat16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    private static void WriteIntegers(Utf8JsonWriter json, string key, IEnumerable<long> values)
    {
        json.WriteStartArray(key);
        foreach (long value in values) json.WriteNumberValue(value);
        json.WriteEndArray();
    }
}
