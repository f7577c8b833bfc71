using CudaSearch.Backends.Cpu.Native;
using CudaSearch.Checkpoints;

namespace CudaSearch.Backends.Cpu;

/// <summary>
/// A weight in place in the mapped checkpoint (bfloat16, float32), copied from there into large pages, or widened to float32 once (float16, which has no
/// vector load); for native products a matrix is packed beside that.
/// </summary>
internal sealed unsafe class CpuWeight : DeviceWeight
{
    private readonly TensorView _tensor; // keeps the map alive
    private readonly Lock _widening = new();
    private NativeBuffer? _copy;
    private byte* _data; // null while it is float16

    public CpuWeight(TensorView tensor, PackedMatrix? packed = null)
        : base(RowsOf(tensor), checked((int)tensor.Shape[^1]))
    {
        _tensor = tensor;
        Packed = packed;
        IsBFloat16 = tensor.Type == ElementType.BF16;
        if (tensor.Type != ElementType.F16) _data = (byte*)tensor.Pointer;
        else if (packed is null) Keep(Widen(tensor)); // what is packed is seldom read otherwise: it is widened when that happens
    }

    private CpuWeight(TensorView tensor, NativeBuffer copy)
        : this(tensor) => Keep(copy);

    /// <summary>A matrix for products: in large pages where the system has them and it fills some, else in place.</summary>
    public static CpuWeight OfMatrix(WorkerPool pool, TensorView tensor)
    {
        if (tensor.Type == ElementType.F16 || !MemoryAdvice.HasHugePages || tensor.ByteLength < (long)MemoryAdvice.HugePageBytes) return new CpuWeight(tensor);
        var copy = new NativeBuffer((tensor.ByteLength + sizeof(float) - 1) / sizeof(float), hugePages: true);
        pool.Run((int)((tensor.ByteLength + CopyPart.Bytes - 1) / CopyPart.Bytes), new CopyPart(tensor, copy));
        tensor.Forget();
        return new CpuWeight(tensor, copy);
    }

    private sealed class CopyPart(TensorView source, NativeBuffer destination) : IParallelWork
    {
        public const long Bytes = 4 << 20;

        public void Execute(int part)
        {
            long from = part * Bytes, count = Math.Min(Bytes, source.ByteLength - from);
            Buffer.MemoryCopy((byte*)source.Pointer + from, (byte*)destination.Pointer + from, count, count);
        }
    }

    /// <summary>True: bfloat16; false: float32.</summary>
    public bool IsBFloat16 { get; }

    /// <summary>Row-major elements, bfloat16 or float32.</summary>
    public byte* Data
    {
        get
        {
            if (_data is not null) return _data;
            lock (_widening) return _data is null ? Keep(Widen(_tensor)) : _data;
        }
    }

    /// <summary>What native products read; null for a weight that is in none, and on managed paths.</summary>
    public PackedMatrix? Packed { get; }

    public int ElementSize => IsBFloat16 ? sizeof(ushort) : sizeof(float);

    /// <summary>Bytes of an element as products read it; of int8 panels the average, scales included.</summary>
    public double ProductElementSize => Packed?.ElementSize ?? ElementSize;

    public float this[long index] => IsBFloat16 ? BFloat16.ToSingle(((ushort*)Data)[index]) : ((float*)Data)[index];

    /// <summary>The map is the checkpoint's; a widened copy goes with this object.</summary>
    public override void Dispose()
    {
        _copy?.Dispose();
        Packed?.Dispose();
    }

    private byte* Keep(NativeBuffer copy)
    {
        _copy = copy;
        return _data = (byte*)copy.Pointer;
    }

    private static NativeBuffer Widen(TensorView tensor)
    {
        var widened = new NativeBuffer(tensor.ElementCount);
        tensor.CopyTo(new Span<float>(widened.Pointer, checked((int)tensor.ElementCount)));
        return widened;
    }

    private static int RowsOf(TensorView tensor) => tensor.Shape.Count == 1 ? 1 : checked((int)tensor.Shape[0]);
}

/// <summary>Activations in native memory.</summary>
internal sealed unsafe class CpuTensor(int rows, int columns) : DeviceTensor(rows, columns)
{
    private readonly NativeBuffer _buffer = new((long)rows * columns);

    public float* Data => _buffer.Pointer;

    public float* Row(int row) => _buffer.Pointer + (long)row * Columns;

    public override void Dispose() => _buffer.Dispose();
}

/// <summary>Keys and values of a pass on their way into the cache. Attention itself merges as it goes and needs no memory.</summary>
internal sealed class CpuWorkspace(AttentionShape shape, int rows) : AttentionWorkspace
{
    /// <summary>[rows, kvHeads * headDim]</summary>
    public CpuTensor Keys { get; } = new(rows, shape.KvHeads * shape.HeadDim);

    /// <summary>[rows, kvHeads * headDim]</summary>
    public CpuTensor Values { get; } = new(rows, shape.KvHeads * shape.HeadDim);

    public override void Dispose()
    {
        Keys.Dispose();
        Values.Dispose();
    }
}

/// <summary>
/// Keys and values in float32. Inside a page keys are stored transposed, [headDim, 16 tokens], so that one vector holds the same element of 16
/// keys and scores need no horizontal sums; values are [16 tokens, headDim].
/// </summary>
internal sealed unsafe class CpuKvCache : KvCache
{
    private readonly NativeBuffer _buffer;
    private readonly long _layerSize;
    private readonly long _valueOffset;

    public CpuKvCache(KvShape shape)
        : base(shape)
    {
        HeadSize = PageTokens * shape.HeadDim;
        _valueOffset = (long)shape.Pages * shape.Heads * HeadSize;
        _layerSize = 2 * _valueOffset;
        _buffer = new NativeBuffer(shape.Layers * _layerSize);
    }

    public const int PageTokens = Cache.PagePool.PageSize;

    /// <summary>Floats that one head of one page takes.</summary>
    public int HeadSize { get; }

    /// <summary>Keys of one head of one page: [headDim, 16].</summary>
    public float* Keys(int layer, int page, int head) => _buffer.Pointer + layer * _layerSize + ((long)page * Shape.Heads + head) * HeadSize;

    /// <summary>Values of one head of one page: [16, headDim].</summary>
    public float* Values(int layer, int page, int head) => Keys(layer, page, head) + _valueOffset;

    public override void Dispose() => _buffer.Dispose();
}
