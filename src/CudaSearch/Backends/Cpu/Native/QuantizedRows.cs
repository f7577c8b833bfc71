using CudaSearch.Checkpoints;

namespace CudaSearch.Backends.Cpu.Native;

/// <summary>The rows of a matrix in the int8 format of the native kernels, made once at load; kernels/cpu/avx512_int8.cpp says what a row holds.</summary>
internal sealed unsafe class QuantizedRows : IParallelWork, IDisposable
{
    private const int RowsPerPart = 64;

    private readonly NativeBuffer _buffer;
    private readonly NativeKernels* _kernels;
    private readonly TensorView _source;
    private readonly int _rows;
    private readonly int _columns;

    public QuantizedRows(WorkerPool pool, NativeKernels* kernels, TensorView source)
    {
        (_source, _rows, _columns) = (source, checked((int)source.Shape[0]), checked((int)source.Shape[1]));
        _kernels = kernels;
        RowBytes = kernels->WeightBytes(_columns);
        _buffer = new NativeBuffer(_rows * RowBytes / sizeof(float), hugePages: true);
        pool.Run((_rows + RowsPerPart - 1) / RowsPerPart, this);
        source.Forget();
    }

    /// <summary>[rows, <see cref="RowBytes"/>].</summary>
    public byte* Data => (byte*)_buffer.Pointer;

    /// <summary>Bytes of a row.</summary>
    public long RowBytes { get; }

    public void Execute(int part)
    {
        int end = Math.Min((part + 1) * RowsPerPart, _rows);
        bool isBFloat16 = _source.Type == ElementType.BF16;
        float[]? widened = _source.Type == ElementType.F16 ? new float[_columns] : null;
        for (int row = part * RowsPerPart; row < end; row++)
        {
            byte* source = (byte*)_source.Pointer + (long)row * _columns * _source.Type.Size();
            fixed (float* wide = widened)
            {
                for (int i = 0; widened is not null && i < _columns; i++) wide[i] = (float)((Half*)source)[i];
                _kernels->Quantize(wide is null ? source : wide, isBFloat16 ? 1 : 0, Data + row * RowBytes, _columns);
            }
        }
    }

    public void Dispose() => _buffer.Dispose();
}
