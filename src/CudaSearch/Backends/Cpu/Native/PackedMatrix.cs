using CudaSearch.Checkpoints;

namespace CudaSearch.Backends.Cpu.Native;

/// <summary>A matrix in the panels that native products read, made once at load; kernels/cpu/panel.h says what a panel is.</summary>
internal sealed unsafe class PackedMatrix : IParallelWork, IDisposable
{
    /// <summary>Rows of the matrix, outputs of a product, that a panel holds.</summary>
    public const int PanelRows = 32;

    private readonly NativeBuffer _buffer;
    private readonly TensorView _source;
    private readonly int _rows;
    private readonly int _columns;
    private readonly long _panelBytes;

    /// <param name="pool">Who packs.</param>
    /// <param name="kernels">Whose panels.</param>
    /// <param name="source">[rows, columns]; its memory may be taken back afterwards.</param>
    public PackedMatrix(WorkerPool pool, NativeKernels* kernels, TensorView source)
    {
        (_source, _rows, _columns) = (source, checked((int)source.Shape[0]), checked((int)source.Shape[1]));
        Kernels = kernels;
        _panelBytes = kernels->PanelBytes(_columns);
        int panels = (_rows + PanelRows - 1) / PanelRows;
        long bytes = panels * _panelBytes;
        _buffer = new NativeBuffer(bytes / sizeof(float), hugePages: bytes >= (long)MemoryAdvice.HugePageBytes);
        pool.Run(panels, this);
        source.Forget();
    }

    /// <summary>The kernels that read it.</summary>
    public NativeKernels* Kernels { get; }

    /// <summary>[ceil(rows / <see cref="PanelRows"/>)] panels.</summary>
    public byte* Data => (byte*)_buffer.Pointer;

    /// <summary>Bytes of an element, on average.</summary>
    public double ElementSize => (double)_panelBytes / (PanelRows * _columns);

    public void Execute(int part)
    {
        int first = part * PanelRows, count = Math.Min(PanelRows, _rows - first);
        byte* source = (byte*)_source.Pointer + (long)first * _columns * _source.Type.Size();
        bool isBFloat16 = _source.Type == ElementType.BF16;
        float[]? widened = _source.Type == ElementType.F16 ? new float[count * _columns] : null;
        for (int i = 0; widened is not null && i < widened.Length; i++) widened[i] = (float)((Half*)source)[i];
        fixed (float* wide = widened) Kernels->Pack(wide is null ? source : wide, isBFloat16 ? 1 : 0, count, _columns, Data + part * _panelBytes);
    }

    public void Dispose() => _buffer.Dispose();
}
