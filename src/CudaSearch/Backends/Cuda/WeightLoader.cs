using CudaSearch.Checkpoints;
using CudaSearch.Cuda;

namespace CudaSearch.Backends.Cuda;

/// <summary>
/// Streams weights to the device as bf16, padded for the kernels: pieces of rows are written into page-locked memory, and while one is on its way the
/// next is written. Float32 and float16 are rounded to the nearest bf16; or the rows of a matrix, whatever they are stored in, to e4m3.
/// </summary>
internal sealed unsafe class WeightLoader(CudaStream stream) : IDisposable
{
    private const int StagingElements = 4 << 20;

    // A float32 in elements of staging.
    private const int ScaleUnits = sizeof(float) / sizeof(ushort);

    private readonly Staging[] _staging = [new(StagingElements), new(StagingElements)];
    private int _next;

    /// <summary>
    /// Loads a matrix, or a vector (<paramref name="rows"/> of length 1), which stays bf16. Returns when all of it has left the checkpoint's map.
    /// </summary>
    public CudaWeight Load(TensorView tensor, Axis rows, Axis columns, WeightPrecision precision = WeightPrecision.Stored) =>
        rows.Length == 1 ? LoadVector([new(tensor, columns)]) : LoadMatrix([new(tensor, rows)], columns, precision);

    /// <summary>Loads matrices with the same columns as one, their rows behind one another.</summary>
    /// <exception cref="CudaSearchException">There are no kernels for this precision.</exception>
    public CudaWeight LoadMatrix(ReadOnlySpan<WeightPart> parts, Axis columns, WeightPrecision precision = WeightPrecision.Stored)
    {
        int length = 0, padded = 0, paddedColumns = Padding.Length(columns);
        foreach (ref readonly WeightPart part in parts) (length, padded) = (length + part.Axis.Length, padded + part.PaddedLength);
        TensorView tensor = parts[0].Tensor;
        if (paddedColumns > StagingElements)
            throw CudaSearchException.BadInput($"{tensor.FilePath}: tensor \"{tensor.Name}\" has rows of {columns.Length} elements; at most {StagingElements} are supported");
        if (precision == WeightPrecision.Int8) throw CudaSearchException.BadInput("int8 weights are for the CPU only; say --device cpu, or take fp8");
        var weight = new CudaWeight(length, columns.Length, padded, paddedColumns, precision);
        int offset = 0;
        foreach (ref readonly WeightPart part in parts)
        {
            if (precision == WeightPrecision.Fp8) LoadRoundedRows(part, columns, weight, offset);
            else LoadRows(part, columns, weight, offset);
            offset += part.PaddedLength;
        }
        return weight;
    }

    /// <summary>Loads vectors as one, behind one another.</summary>
    public CudaWeight LoadVector(ReadOnlySpan<WeightPart> parts)
    {
        int length = 0, padded = 0;
        foreach (ref readonly WeightPart part in parts) (length, padded) = (length + part.Axis.Length, padded + part.PaddedLength);
        TensorView tensor = parts[0].Tensor;
        if (padded > StagingElements)
            throw CudaSearchException.BadInput($"{tensor.FilePath}: vectors from \"{tensor.Name}\" on have {length} elements; at most {StagingElements} are supported");
        var weight = new CudaWeight(1, length, 1, padded);
        Staging staging = NextStaging();
        Span<ushort> target = staging.Memory.Span[..padded];
        foreach (ref readonly WeightPart part in parts)
        {
            ReadRow(part, target[..part.PaddedLength]);
            target = target[part.PaddedLength..];
        }
        Send(staging, weight, 0, padded);
        return weight;
    }

    public void Dispose()
    {
        foreach (Staging staging in _staging) staging.Dispose();
    }

    // Rows `offset` and on of a weight, piece by piece.
    private void LoadRows(in WeightPart part, Axis columns, CudaWeight weight, int offset)
    {
        int paddedColumns = weight.PaddedColumns, step = StagingElements / paddedColumns;
        for (int first = 0; first < part.PaddedLength; first += step)
        {
            int count = Math.Min(step, part.PaddedLength - first);
            Staging staging = NextStaging();
            for (int row = 0; row < count; row++)
            {
                Span<ushort> padded = staging.Memory.Span.Slice(row * paddedColumns, paddedColumns);
                int source = part.Source(first + row);
                if (source < 0) padded.Clear();
                else ReadRow(new WeightPart(part.Tensor, columns), padded, source);
            }
            Send(staging, weight, (long)(offset + first) * paddedColumns, count * paddedColumns);
        }
    }

    // As LoadRows, in e4m3; the rows of a piece are rounded side by side. Their scales lie behind the last row of the weight.
    private void LoadRoundedRows(WeightPart part, Axis columns, CudaWeight weight, int offset)
    {
        int rowUnits = weight.PaddedColumns / sizeof(ushort), step = StagingElements / (rowUnits + ScaleUnits);
        for (int first = 0; first < part.PaddedLength; first += step)
        {
            int from = first, count = Math.Min(step, part.PaddedLength - first);
            Staging staging = NextStaging();
            byte* codes = (byte*)staging.Memory.Pointer;
            float* scales = (float*)(codes + (long)count * weight.PaddedColumns);
            Parallel.For(0, count, row =>
            {
                var target = new Span<byte>(codes + (long)row * weight.PaddedColumns, weight.PaddedColumns);
                scales[row] = E4M3Row.Round(part, columns, part.Source(from + row), target);
            });
            weight.Data.CopyFromAsync(staging.Memory, 0, (long)(offset + first) * rowUnits, count * rowUnits, stream);
            long scalesAt = (long)weight.PaddedRows * rowUnits + (long)(offset + first) * ScaleUnits;
            weight.Data.CopyFromAsync(staging.Memory, count * rowUnits, scalesAt, count * ScaleUnits, stream);
            staging.Free.Record(stream);
        }
    }

    private Staging NextStaging()
    {
        Staging staging = _staging[_next ^= 1];
        staging.Free.Synchronize();
        return staging;
    }

    private void Send(Staging staging, CudaWeight weight, long offset, int elements)
    {
        weight.Data.CopyFromAsync(staging.Memory, 0, offset, elements, stream);
        staging.Free.Record(stream);
    }

    // One row of a tensor, whose features along the row are the part's axis.
    private static void ReadRow(in WeightPart part, Span<ushort> padded, int row = 0)
    {
        TensorView tensor = part.Tensor;
        nint source = tensor.Pointer + (nint)((long)row * part.Axis.Length * tensor.Type.Size());
        if (tensor.Type == ElementType.BF16 && part.IsPlain)
        {
            new ReadOnlySpan<ushort>((ushort*)source, part.Axis.Length).CopyTo(padded);
            return;
        }
        for (int i = 0; i < padded.Length; i++)
        {
            int from = part.Source(i);
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

/// <summary>Rows of a matrix, or elements of a vector.</summary>
/// <param name="Tensor">Where they are.</param>
/// <param name="Axis">What they are.</param>
/// <param name="Paired">For heads, whether elements that rotate together become neighbours.</param>
internal readonly record struct WeightPart(TensorView Tensor, Axis Axis, bool Paired = false)
{
    /// <summary>Features after padding.</summary>
    public int PaddedLength => Padding.Length(Axis);

    /// <summary>Whether they stay as the checkpoint has them.</summary>
    public bool IsPlain => !Paired && Padding.IsNone(Axis);

    /// <summary>The tensor's feature that goes to <paramref name="place"/>; -1 for a zero.</summary>
    public int Source(int place) => Paired ? Padding.PairedSource(Axis, place) : Padding.Source(Axis, place);

    /// <summary>An element of a matrix with so many columns, as it is stored.</summary>
    public unsafe float Value(int row, int column, int columns)
    {
        long index = (long)row * columns + column;
        return Tensor.Type switch
        {
            ElementType.BF16 => BFloat16.ToSingle(((ushort*)Tensor.Pointer)[index]),
            ElementType.F16 => (float)((Half*)Tensor.Pointer)[index],
            _ => ((float*)Tensor.Pointer)[index],
        };
    }
}
