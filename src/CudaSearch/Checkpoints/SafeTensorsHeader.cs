using System.Text.Json;

namespace CudaSearch.Checkpoints;

/// <summary>One tensor as the header describes it. <paramref name="Begin"/> and <paramref name="End"/> are byte offsets into the data area.</summary>
internal sealed record TensorEntry(string Name, ElementType Type, long[] Shape, long Begin, long End);

/// <summary>
/// The header of a safetensors file, checked against the size of the data area that follows it: tensors cover the area exactly,
/// each aligned to its element size. Layout of a file: 8 bytes little-endian header length, the header (a JSON object padded with
/// spaces), the data area.
/// </summary>
internal sealed record SafeTensorsHeader(IReadOnlyList<TensorEntry> Tensors, IReadOnlyDictionary<string, string> Metadata)
{
    /// <summary>The length limit of a header, the format's own.</summary>
    public const long MaxLength = 100_000_000;

    /// <summary>The size of the header length that begins a file.</summary>
    public const int PrefixLength = 8;

    private const int MaxDimensions = 8;
    private const string MetadataKey = "__metadata__";

    /// <summary>Parses and checks a header.</summary>
    /// <param name="header">The header's bytes, padding included.</param>
    /// <param name="dataLength">The size of the data area in bytes.</param>
    /// <param name="path">The file, for messages.</param>
    public static SafeTensorsHeader Parse(ReadOnlyMemory<byte> header, long dataLength, string path)
    {
        if (header.IsEmpty || header.Span[0] != (byte)'{')
            throw CudaSearchException.BadInput($"{path}: the header does not begin with '{{'; this is not a safetensors file, or it is damaged: download it again");
        using JsonDocument document = StrictJson.ParseObject(header, $"{path}: the header");
        byte last = header.Span.TrimEnd((byte)' ')[^1];
        if (last != (byte)'}')
            throw CudaSearchException.BadInput($"{path}: the header is padded with byte 0x{last:X2}, only spaces may follow its JSON; export the file again");

        List<TensorEntry> tensors = [];
        Dictionary<string, string> metadata = [];
        foreach (JsonProperty property in document.RootElement.EnumerateObject())
        {
            if (property.Name == MetadataKey) ReadMetadata(property.Value, path, metadata);
            else tensors.Add(ReadEntry(property.Name, property.Value, dataLength, PrefixLength + header.Length, path));
        }
        CheckCoverage(tensors, dataLength, path);
        return new SafeTensorsHeader(tensors, metadata);
    }

    private static void ReadMetadata(JsonElement value, string path, Dictionary<string, string> metadata)
    {
        if (value.ValueKind != JsonValueKind.Object)
            throw CudaSearchException.BadInput($"{path}: {MetadataKey} is {StrictJson.KindOf(value)}, not an object of strings; export the file again");
        foreach (JsonProperty property in value.EnumerateObject())
        {
            if (property.Value.ValueKind != JsonValueKind.String)
                throw CudaSearchException.BadInput($"{path}: {MetadataKey} {StrictJson.Quote(property.Name)} is {StrictJson.KindOf(property.Value)}, not a string; export the file again");
            metadata.Add(property.Name, property.Value.GetString()!);
        }
    }

    private static TensorEntry ReadEntry(string name, JsonElement value, long dataLength, long dataStart, string path)
    {
        if (value.ValueKind != JsonValueKind.Object) throw Fault($"is described by {StrictJson.KindOf(value)}, not by an object");
        JsonElement? dtype = null, dimensions = null, offsets = null;
        foreach (JsonProperty property in value.EnumerateObject())
        {
            switch (property.Name)
            {
                case "dtype": dtype = property.Value; break;
                case "shape": dimensions = property.Value; break;
                case "data_offsets": offsets = property.Value; break;
                default: throw Fault($"has the unknown key {StrictJson.Quote(property.Name)}");
            }
        }

        ElementType type = ReadType(dtype ?? throw Fault("has no dtype"));
        long[] shape = ReadIntegers(dimensions ?? throw Fault("has no shape"), "shape");
        if (shape.Length > MaxDimensions) throw Fault($"has {shape.Length} dimensions, more than {MaxDimensions}");
        long[] range = ReadIntegers(offsets ?? throw Fault("has no data_offsets"), "data_offsets");
        if (range is not [long begin, long end]) throw Fault($"has {range.Length} data_offsets, not 2");

        if (begin > end) throw Fault($"begins at byte {begin} of the data and ends before it, at {end}");
        if (end > dataLength)
            throw Fault($"ends at byte {end} of the data, but the file holds only {dataLength}: it is cut short", "download it again");
        long bytes = SizeOf(shape, type);
        if (bytes != end - begin) throw Fault($"of shape {Shapes.Show(shape)} and type {type} needs {bytes} bytes, its data_offsets hold {end - begin}");
        if ((dataStart + begin) % type.Size() != 0)
            throw Fault($"begins at byte {dataStart + begin} of the file, which is not a multiple of {type}'s {type.Size()} bytes", "save the file again with safetensors 0.3 or newer, which aligns tensors");
        return new TensorEntry(name, type, shape, begin, end);

        ElementType ReadType(JsonElement element)
        {
            if (element.ValueKind == JsonValueKind.String && ElementTypeExtensions.TryParse(element.GetString()!, out ElementType known)) return known;
            throw Fault($"has dtype {StrictJson.Show(element)}; supported are {ElementTypeExtensions.Supported}", "use or make a checkpoint in one of them");
        }

        long[] ReadIntegers(JsonElement element, string key)
        {
            if (element.ValueKind != JsonValueKind.Array) throw Fault($"has a {key} that is {StrictJson.KindOf(element)}, not an array of integers");
            long[] integers = new long[element.GetArrayLength()];
            int i = 0;
            foreach (JsonElement item in element.EnumerateArray())
            {
                if (item.ValueKind != JsonValueKind.Number || !item.TryGetInt64(out integers[i]) || integers[i++] < 0)
                    throw Fault($"has {StrictJson.Show(item)} in its {key}, where only integers from 0 to 2^63-1 may stand");
            }
            return integers;
        }

        long SizeOf(long[] lengths, ElementType element)
        {
            try
            {
                return lengths.Aggregate((long)element.Size(), (product, length) => checked(product * length));
            }
            catch (OverflowException)
            {
                throw Fault($"has shape {Shapes.Show(lengths)}: more than 2^63-1 bytes");
            }
        }

        CudaSearchException Fault(string what, string remedy = "export the file again") =>
            CudaSearchException.BadInput($"{path}: tensor {StrictJson.Quote(name)} {what}; {remedy}");
    }

    // Sorted by offset, every tensor must begin where the one before it ends: that excludes overlaps and gaps alike.
    private static void CheckCoverage(List<TensorEntry> tensors, long dataLength, string path)
    {
        long covered = 0;
        string previous = "the start of the data";
        foreach (TensorEntry tensor in tensors.OrderBy(t => t.Begin).ThenBy(t => t.End))
        {
            string name = $"tensor {StrictJson.Quote(tensor.Name)}";
            if (tensor.Begin < covered)
                throw CudaSearchException.BadInput($"{path}: {name} begins at byte {tensor.Begin} of the data and overlaps {previous}, which ends at {covered}; export the file again");
            if (tensor.Begin > covered)
                throw CudaSearchException.BadInput($"{path}: bytes {covered} to {tensor.Begin} of the data, between {previous} and {name}, belong to no tensor; export the file again");
            covered = tensor.End;
            previous = name;
        }
        if (covered != dataLength)
            throw CudaSearchException.BadInput($"{path}: the last {dataLength - covered} of {dataLength} data bytes, after {previous}, belong to no tensor; export the file again");
    }
}
