namespace CudaSearch.Backends.Cpu.Native;

/// <summary>The input rows of a product in the format that native kernels read.</summary>
internal sealed unsafe class NarrowedRows : IParallelWork, IDisposable
{
    private const int RowsPerPart = 32;

    private NativeBuffer? _buffer;
    private NativeKernels* _kernels;
    private CpuTensor _source = null!;
    private RowSpan _rows;

    /// <summary>[rows, <see cref="Stride"/> bytes].</summary>
    public byte* Data { get; private set; }

    /// <summary>Bytes from row to row.</summary>
    public long Stride { get; private set; }

    /// <summary>Makes the rows available until the next call.</summary>
    public void Take(WorkerPool pool, NativeKernels* kernels, CpuTensor source, RowSpan rows)
    {
        // Rows a multiple of 4 KiB apart would all fall into the same few places of a cache: an odd number of lines spreads them.
        long lines = (kernels->InputBytes(source.Columns) + 63) / 64;
        Stride = (lines | 1) * 64;
        long floats = Stride * rows.Count / sizeof(float);
        if (_buffer is null || _buffer.Count < floats)
        {
            _buffer?.Dispose();
            _buffer = new NativeBuffer(floats);
        }
        Data = (byte*)_buffer.Pointer;
        _kernels = kernels;
        (_source, _rows) = (source, rows);
        pool.Run(rows.Parts(RowsPerPart), this);
    }

    public void Execute(int part)
    {
        RowSpan rows = _rows.Part(part, RowsPerPart);
        for (int row = rows.First; row < rows.End; row++) _kernels->Narrow(_source.Row(row), Data + (row - _rows.First) * Stride, _source.Columns);
    }

    public void Dispose() => _buffer?.Dispose();
}
