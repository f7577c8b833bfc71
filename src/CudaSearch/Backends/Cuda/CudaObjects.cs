using System.Runtime.InteropServices;
using CudaSearch.Cache;
using CudaSearch.Cuda;

namespace CudaSearch.Backends.Cuda;

/// <summary>
/// A weight in device memory, padded: [<see cref="PaddedRows"/>, <see cref="PaddedColumns"/>], bf16; or e4m3 in the order of <see cref="E4M3Row"/>, with a
/// float32 scale for each row behind the last one.
/// </summary>
internal sealed class CudaWeight(int rows, int columns, int paddedRows, int paddedColumns, WeightPrecision precision = WeightPrecision.Stored)
    : DeviceWeight(rows, columns)
{
    /// <summary>All bytes, two an element.</summary>
    public CudaDeviceVariable<ushort> Data { get; } = new(precision == WeightPrecision.Fp8
        ? (long)paddedRows * (paddedColumns + sizeof(float)) / sizeof(ushort)
        : (long)paddedRows * paddedColumns);

    /// <summary><see cref="WeightPrecision.Stored"/> for bf16.</summary>
    public WeightPrecision Precision => precision;

    public DevicePointer Pointer => Data.Pointer;

    public int PaddedRows { get; } = paddedRows;

    public int PaddedColumns { get; } = paddedColumns;

    public override void Dispose() => Data.Dispose();
}

/// <summary>Activations in device memory: float32 sums or bf16 operands, [rows, <see cref="PaddedColumns"/>].</summary>
internal sealed class CudaTensor : DeviceTensor
{
    private readonly CudaDeviceVariable<byte> _data;

    public CudaTensor(int rows, int columns, int paddedColumns, ActivationType type)
        : base(rows, columns)
    {
        PaddedColumns = paddedColumns;
        Type = type;
        RowBytes = (long)paddedColumns * (type == ActivationType.Sum ? sizeof(float) : sizeof(ushort));
        _data = new CudaDeviceVariable<byte>(rows * RowBytes);
    }

    public ActivationType Type { get; }

    public int PaddedColumns { get; }

    public long RowBytes { get; }

    public DevicePointer Pointer => _data.Pointer;

    /// <summary>Copies the true columns of a row of sums to the host, after all work on the device.</summary>
    public void ReadRow(int row, Span<float> destination) => _data.CopyTo(MemoryMarshal.AsBytes(destination[..Columns]), row * RowBytes);

    public override void Dispose() => _data.Dispose();
}

/// <summary>cos and sin, pairs of float32 [positions, padded head size / 2].</summary>
internal sealed class CudaRope(CudaDeviceVariable<float> angles) : DeviceRope
{
    public DevicePointer Angles => angles.Pointer;

    /// <summary>Computes the angles of so many positions; the padding of a short head is not rotated.</summary>
    public static CudaRope Load(double[] inverseFrequencies, int positions)
    {
        int half = inverseFrequencies.Length, padded = Padding.HeadSize(2 * half) / 2;
        var table = new RopeTable(inverseFrequencies);
        table.EnsurePositions(positions);
        float[] pairs = new float[2L * positions * padded];
        for (long i = 0; i < pairs.Length; i += 2)
        {
            (long position, long element) = long.DivRem(i / 2, padded);
            int from = (int)position * half + (int)element;
            (pairs[i], pairs[i + 1]) = element < half ? (table.Cos[from], table.Sin[from]) : (1f, 0f);
        }
        var device = new CudaDeviceVariable<float>(pairs.Length);
        device.CopyFrom(pairs);
        return new CudaRope(device);
    }

    public override void Dispose() => angles.Dispose();
}

/// <summary>
/// Keys and values layer by layer: [page][kv head][K, V][16 tokens][padded head size] bf16. The elements of a key are in the order of
/// <see cref="CudaProjection"/>, those of a value in the plain one. Or in e4m3, both in the order of <see cref="E4M3Row"/> on top of that, with the float32
/// scales [K, V][16 tokens] of a page's head behind its vectors.
/// </summary>
internal sealed class CudaKvCache : KvCache
{
    private readonly CudaDeviceVariable<ushort> _pages;

    public CudaKvCache(KvShape shape)
        : base(shape)
    {
        PageBytes = PageBytesOf(shape);
        LayerBytes = shape.Pages * PageBytes;
        _pages = new(shape.Layers * LayerBytes / sizeof(ushort));
    }

    /// <summary>Bytes of one page in one layer.</summary>
    public long PageBytes { get; }

    /// <summary>Bytes of all pages of one layer.</summary>
    public long LayerBytes { get; }

    /// <summary>All layers, one behind the other.</summary>
    public DevicePointer Pages => _pages.Pointer;

    /// <summary>Bytes that one page takes in one layer.</summary>
    public static long PageBytesOf(KvShape shape) => 2L * shape.Heads * PagePool.PageSize * VectorBytes(Padding.HeadSize(shape.HeadDim), shape.Precision);

    /// <summary>Bytes of a key or a value, its scale included.</summary>
    /// <param name="headSize">Padded.</param>
    /// <param name="precision">What it is kept in.</param>
    public static int VectorBytes(int headSize, KvPrecision precision) =>
        precision == KvPrecision.Fp8 ? headSize + sizeof(float) : headSize * sizeof(ushort);

    /// <summary>The pages of one layer.</summary>
    public DevicePointer Layer(int layer) => _pages.Pointer.Offset(layer * LayerBytes);

    public override void Dispose() => _pages.Dispose();
}

/// <summary>Partial states of a pass's attention plan, and a counter of arrivals for each row and kv head: zero between layers.</summary>
internal sealed class CudaWorkspace : AttentionWorkspace
{
    /// <summary>Partial states (row × item of the plan) that a pass may have.</summary>
    public const int MaxPartials = 16384;

    private readonly CudaDeviceVariable<float> _outputs;
    private readonly CudaDeviceVariable<float> _weights;
    private readonly CudaDeviceVariable<int> _arrivals;
    private readonly CudaDeviceVariable<ushort>? _staged;

    public CudaWorkspace(AttentionShape shape, int rows, KvPrecision precision, CudaStream stream)
    {
        if (precision == KvPrecision.Fp8)
            _staged = new((long)PagePool.PagesFor(rows) * PagePool.PageSize * 2 * shape.KvHeads * Padding.HeadSize(shape.HeadDim));
        _outputs = new((long)MaxPartials * shape.Heads * Padding.HeadSize(shape.HeadDim));
        _weights = new((long)MaxPartials * shape.Heads * 2);
        _arrivals = new((long)rows * shape.KvHeads);
        _arrivals.Fill(0, stream);
    }

    /// <summary>
    /// Keys and values of a pass in bf16 before they are rounded: pages of a layer of <see cref="CudaKvCache"/> whose slots are the rows. Null where they
    /// stay bf16 and go to their own slots at once.
    /// </summary>
    public DevicePointer? Staged => _staged?.Pointer;

    /// <summary>What the kernel is given.</summary>
    public AttendRangesKernel.Workspace Pointers => new(_outputs.Pointer, _weights.Pointer, _arrivals.Pointer);

    public override void Dispose()
    {
        _outputs.Dispose();
        _weights.Dispose();
        _arrivals.Dispose();
        _staged?.Dispose();
    }
}
