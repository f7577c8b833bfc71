using CudaSearch.Backends.Cpu.Native;
using CudaSearch.Checkpoints;

namespace CudaSearch.Backends.Cpu;

/// <summary>
/// A weight in place in the mapped checkpoint (bfloat16, float32), copied from there into large pages, or widened to float32 once (float16, which has no
/// vector load); a matrix may have int8 rows for products beside it.
/// </summary>
internal sealed unsafe class CpuWeight : DeviceWeight
{
    // Keeps the map, or the widened copy, alive.
    private readonly object _owner;

    public CpuWeight(TensorView tensor, QuantizedRows? quantized = null)
        : base(RowsOf(tensor), checked((int)tensor.Shape[^1]))
    {
        Quantized = quantized;
        IsBFloat16 = tensor.Type == ElementType.BF16;
        if (tensor.Type == ElementType.F16)
        {
            var widened = new NativeBuffer(tensor.ElementCount);
            tensor.CopyTo(new Span<float>(widened.Pointer, checked((int)tensor.ElementCount)));
            _owner = widened;
            Data = (byte*)widened.Pointer;
        }
        else
        {
            _owner = tensor;
            Data = (byte*)tensor.Pointer;
        }
    }

    private CpuWeight(TensorView tensor, NativeBuffer copy)
        : base(RowsOf(tensor), checked((int)tensor.Shape[^1]))
    {
        IsBFloat16 = tensor.Type == ElementType.BF16;
        _owner = copy;
        Data = (byte*)copy.Pointer;
    }

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

    /// <summary>Row-major elements.</summary>
    public byte* Data { get; }

    /// <summary>What products read instead; null for the stored elements.</summary>
    public QuantizedRows? Quantized { get; }

    /// <summary>The rows that products read.</summary>
    public byte* ProductData => Quantized is null ? Data : Quantized.Data;

    public int ElementSize => IsBFloat16 ? sizeof(ushort) : sizeof(float);

    public float this[long index] => IsBFloat16 ? BFloat16.ToSingle(((ushort*)Data)[index]) : ((float*)Data)[index];

    /// <summary>The map is the checkpoint's; a widened copy goes with this object.</summary>
    public override void Dispose()
    {
        (_owner as NativeBuffer)?.Dispose();
        Quantized?.Dispose();
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

/// <summary>Attention on the processor merges as it goes and needs no memory for that.</summary>
internal sealed class CpuWorkspace : AttentionWorkspace
{
    public static CpuWorkspace Instance { get; } = new();

    public override void Dispose()
    {
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
