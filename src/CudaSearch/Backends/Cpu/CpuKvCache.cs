using CudaSearch.Cache;

namespace CudaSearch.Backends.Cpu;

/// <summary>
/// Keys and values in float32 or e4m3. Inside a page keys are stored transposed, [headDim, 16 tokens], so that one vector holds the same element of 16
/// keys and scores need no horizontal sums; values are [16 tokens, headDim]. In e4m3 every key and every value has a float32 scale; those of a head lie
/// in its page, [16 tokens], apart from the vectors. A layer is four runs over its pages: keys, values, scales of keys, scales of values.
/// </summary>
internal sealed unsafe class CpuKvCache : KvCache
{
    private const int Parts = 4;

    private readonly NativeBuffer _buffer;
    private readonly long _layerBytes;

    // Bytes of a page in each part, and where the part begins in a layer.
    private readonly long[] _pageBytes = new long[Parts];
    private readonly long[] _begin = new long[Parts];

    public CpuKvCache(KvShape shape)
        : base(shape)
    {
        long vectors = (long)shape.Heads * PageTokens * shape.HeadDim * (IsE4M3 ? sizeof(byte) : sizeof(float));
        long scales = IsE4M3 ? (long)shape.Heads * PageTokens * sizeof(float) : 0;
        (_pageBytes[0], _pageBytes[1], _pageBytes[2], _pageBytes[3]) = (vectors, vectors, scales, scales);
        for (int part = 0; part < Parts; part++)
        {
            _begin[part] = _layerBytes;
            _layerBytes += shape.Pages * _pageBytes[part];
        }
        _buffer = new NativeBuffer(shape.Layers * _layerBytes / sizeof(float));
    }

    public const int PageTokens = PagePool.PageSize;

    /// <summary>Whether vectors are e4m3 with scales; otherwise they are float32.</summary>
    public bool IsE4M3 => Shape.Precision == KvPrecision.Fp8;

    /// <summary>Bytes that one page takes in one layer.</summary>
    public static long PageBytesOf(KvShape shape) => 2L * shape.Heads * PageTokens * VectorBytes(shape.HeadDim, shape.Precision);

    /// <summary>Bytes of a key or a value, its scale included.</summary>
    public static int VectorBytes(int headDim, KvPrecision precision) =>
        precision == KvPrecision.Fp8 ? headDim + sizeof(float) : headDim * sizeof(float);

    /// <summary>Keys of one head of one page: [headDim, 16].</summary>
    public float* Keys(int layer, int page, int head) => (float*)Head(0, layer, page, head);

    /// <summary>Values of one head of one page: [16, headDim].</summary>
    public float* Values(int layer, int page, int head) => (float*)Head(1, layer, page, head);

    /// <summary>As <see cref="Keys"/>, in e4m3.</summary>
    public byte* KeyCodes(int layer, int page, int head) => Head(0, layer, page, head);

    /// <summary>As <see cref="Values"/>, in e4m3.</summary>
    public byte* ValueCodes(int layer, int page, int head) => Head(1, layer, page, head);

    /// <summary>Scales of the keys of one head of one page, [16]; only in e4m3.</summary>
    public float* KeyScales(int layer, int page, int head) => (float*)Head(2, layer, page, head);

    /// <summary>Scales of the values, likewise.</summary>
    public float* ValueScales(int layer, int page, int head) => (float*)Head(3, layer, page, head);

    /// <summary>Writes one key and one value, rounded where the cache is e4m3.</summary>
    /// <param name="layer">Which layer.</param>
    /// <param name="slot">page * 16 + offset.</param>
    /// <param name="head">Which key/value head.</param>
    /// <param name="key">[headDim]</param>
    /// <param name="value">[headDim]</param>
    public void Write(int layer, int slot, int head, ReadOnlySpan<float> key, ReadOnlySpan<float> value)
    {
        (int page, int offset) = int.DivRem(slot, PageTokens);
        if (!IsE4M3)
        {
            float* keys = Keys(layer, page, head) + offset;
            for (int d = 0; d < key.Length; d++) keys[d * PageTokens] = key[d];
            value.CopyTo(new Span<float>(Values(layer, page, head) + offset * value.Length, value.Length));
            return;
        }
        float keyScale = KeyScales(layer, page, head)[offset] = E4M3.KvScaleOf(key), valueScale = ValueScales(layer, page, head)[offset] = E4M3.KvScaleOf(value);
        byte* keyCodes = KeyCodes(layer, page, head) + offset, valueCodes = ValueCodes(layer, page, head) + offset * value.Length;
        for (int d = 0; d < key.Length; d++)
        {
            keyCodes[d * PageTokens] = E4M3.Round(key[d], keyScale);
            valueCodes[d] = E4M3.Round(value[d], valueScale);
        }
    }

    /// <summary>Keys and values of one head of one page in float32, out of e4m3.</summary>
    /// <param name="layer">Which layer.</param>
    /// <param name="page">Which page.</param>
    /// <param name="head">Which key/value head.</param>
    /// <param name="keys">[headDim, 16]</param>
    /// <param name="values">[16, headDim]</param>
    public void Widen(int layer, int page, int head, float* keys, float* values)
    {
        byte* keyCodes = KeyCodes(layer, page, head), valueCodes = ValueCodes(layer, page, head);
        float* keyScales = KeyScales(layer, page, head), valueScales = ValueScales(layer, page, head);
        for (int i = 0; i < PageTokens * Shape.HeadDim; i++)
        {
            keys[i] = E4M3.ToSingle(keyCodes[i]) * keyScales[i % PageTokens];
            values[i] = E4M3.ToSingle(valueCodes[i]) * valueScales[i / Shape.HeadDim];
        }
    }

    /// <summary>Copies a page of one layer whole.</summary>
    public void CopyPage(int layer, int source, int destination)
    {
        for (int part = 0; part < Parts; part++)
            Buffer.MemoryCopy(Head(part, layer, source, 0), Head(part, layer, destination, 0), _pageBytes[part], _pageBytes[part]);
    }

    public override void Dispose() => _buffer.Dispose();

    private byte* Head(int part, int layer, int page, int head) =>
        (byte*)_buffer.Pointer + layer * _layerBytes + _begin[part] + page * _pageBytes[part] + head * (_pageBytes[part] / Shape.Heads);
}
