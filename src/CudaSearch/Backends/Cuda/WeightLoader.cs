using CudaSearch.Checkpoints;
using CudaSearch.Cuda;

namespace CudaSearch.Backends.Cuda;

/// <summary>
/// Streams weights to the device as bf16, padded for the kernels: pieces of rows are written into page-locked memory, and while one is on its way the
/// next is written. Float32 and float16 are rounded to the nearest bf16.
/// </summary>
internal sealed unsafe class WeightLoader(CudaStream stream) : IDisposable
{
    private const int StagingElements = 4 << 20;

    private readonly Staging[] _staging = [new(StagingElements), new(StagingElements)];
    private int _next;

    /// <summary>Loads a matrix, or a vector (<paramref name="rows"/> of length 1). Returns when all of it has left the checkpoint's map.</summary>
    public CudaWeight Load(TensorView tensor, Axis rows, Axis columns)
    {
        int paddedColumns = Padding.Length(columns), paddedRows = rows.Length == 1 ? 1 : Padding.Length(rows);
        if (paddedColumns > StagingElements)
            throw CudaSearchException.BadInput($"{tensor.FilePath}: tensor \"{tensor.Name}\" has rows of {columns.Length} elements; at most {StagingElements} are supported");
        var weight = new CudaWeight(rows.Length, columns.Length, paddedRows, paddedColumns);
        int step = StagingElements / paddedColumns;
        for (int first = 0; first < paddedRows; first += step)
        {
            int count = Math.Min(step, paddedRows - first);
            Staging staging = _staging[_next ^= 1];
            staging.Free.Synchronize();
            Span<ushort> target = staging.Memory.Span[..(count * paddedColumns)];
            for (int row = 0; row < count; row++)
            {
                Span<ushort> padded = target.Slice(row * paddedColumns, paddedColumns);
                int source = rows.Length == 1 ? 0 : Padding.Source(rows, first + row);
                if (source < 0) padded.Clear();
                else ReadRow(tensor, source, columns, padded);
            }
            weight.Data.CopyFromAsync(staging.Memory, 0, (long)first * paddedColumns, target.Length, stream);
            staging.Free.Record(stream);
        }
        return weight;
    }

    public void Dispose()
    {
        foreach (Staging staging in _staging) staging.Dispose();
    }

    private static void ReadRow(TensorView tensor, int row, Axis columns, Span<ushort> padded)
    {
        nint source = tensor.Pointer + (nint)((long)row * columns.Length * tensor.Type.Size());
        if (tensor.Type == ElementType.BF16 && Padding.IsNone(columns))
        {
            new ReadOnlySpan<ushort>((ushort*)source, columns.Length).CopyTo(padded);
            return;
        }
        for (int i = 0; i < padded.Length; i++)
        {
            int from = Padding.Source(columns, i);
            padded[i] = from < 0 ? (ushort)0 : Element(tensor.Type, source, from);
        }
    }

    private static ushort Element(ElementType type, nint row, int index) => type switch
    {
        ElementType.BF16 => ((ushort*)row)[index],
        ElementType.F16 => BFloat16.Round((float)((Half*)row)[index]),
        _ => BFloat16.Round(((float*)row)[index]),
    };

    /// <summary>Page-locked memory and the moment it may be written again.</summary>
    private sealed class Staging(int elements) : IDisposable
    {
        public CudaPageLockedHostMemory<ushort> Memory { get; } = new(elements);

        public CudaEvent Free { get; } = new();

        public void Dispose()
        {
            Free.Dispose();
            Memory.Dispose();
        }
    }
}
