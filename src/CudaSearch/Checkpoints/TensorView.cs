using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CudaSearch.Checkpoints;

/// <summary>
/// One tensor, usually of a memory-mapped file: nothing is copied until asked for. Elements lie in row-major order (last dimension
/// fastest). The view keeps its file alive, but a span or pointer taken from it does not: hold the view, its file or its
/// <see cref="Checkpoint"/> for as long as either is in use.
/// </summary>
public sealed unsafe class TensorView
{
    private readonly ITensorData _file;
    private readonly long _offset;

    internal TensorView(ITensorData file, TensorEntry entry)
    {
        _file = file;
        _offset = entry.Begin;
        Name = entry.Name;
        Type = entry.Type;
        Shape = Array.AsReadOnly(entry.Shape);
        ByteLength = entry.End - entry.Begin;
    }

    /// <summary>The tensor's name in the file, e.g. <c>model.embed_tokens.weight</c>.</summary>
    public string Name { get; }

    /// <summary>The path of the file that holds the tensor.</summary>
    public string FilePath => _file.FilePath;

    /// <summary>The format of its elements.</summary>
    public ElementType Type { get; }

    /// <summary>Its dimensions, slowest first; empty for a scalar.</summary>
    public IReadOnlyList<long> Shape { get; }

    /// <summary>Its size in bytes.</summary>
    public long ByteLength { get; }

    /// <summary>The number of its elements.</summary>
    public long ElementCount => ByteLength / Type.Size();

    /// <summary>The address of the first element in the map, aligned to the element size.</summary>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public nint Pointer => (nint)(_file.Data + _offset);

    /// <summary>The elements in the map, as bytes or as values of the element's size (float; Half; ushort for BF16 bits).</summary>
    /// <exception cref="InvalidOperationException"><typeparamref name="T"/> does not fit the element type, or the tensor is longer
    /// than a span can be (use <see cref="Pointer"/>).</exception>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public ReadOnlySpan<T> AsSpan<T>()
        where T : unmanaged
    {
        int size = Unsafe.SizeOf<T>();
        if (size != 1 && size != Type.Size())
            throw new InvalidOperationException($"{Name} holds {Type} elements of {Type.Size()} bytes: {typeof(T)} has {size}");
        if (ByteLength / size > int.MaxValue)
            throw new InvalidOperationException($"{Name} holds {ByteLength} bytes, more than a span can cover: use its pointer");
        return new ReadOnlySpan<T>((void*)Pointer, (int)(ByteLength / size));
    }

    /// <summary>Lets the system take back the memory that its elements took while they were read; they can be read again.</summary>
    public void Forget() => _file.Forget(_offset, ByteLength);

    /// <summary>A copy of all elements, widened to float32 (exact for every element type).</summary>
    /// <exception cref="CudaSearchException">There are more elements than an array can hold.</exception>
    public float[] ToFloat32()
    {
        if (ElementCount > Array.MaxLength)
            throw CudaSearchException.BadInput($"{FilePath}: tensor {StrictJson.Quote(Name)} has {ElementCount} elements, more than one array can hold; use a model with smaller tensors");
        float[] values = GC.AllocateUninitializedArray<float>((int)ElementCount);
        CopyTo(values);
        return values;
    }

    /// <summary>Copies all elements, widened to float32, to the beginning of <paramref name="destination"/>.</summary>
    /// <exception cref="ArgumentException">The destination is shorter than <see cref="ElementCount"/>.</exception>
    public void CopyTo(Span<float> destination)
    {
        if (destination.Length < ElementCount)
            throw new ArgumentException($"{Name} has {ElementCount} elements, the destination room for {destination.Length}", nameof(destination));
        switch (Type)
        {
            case ElementType.F32:
                AsSpan<float>().CopyTo(destination);
                break;
            case ElementType.F16:
                ReadOnlySpan<Half> halves = AsSpan<Half>();
                for (int i = 0; i < halves.Length; i++) destination[i] = (float)halves[i];
                break;
            default:
                ReadOnlySpan<ushort> bits = AsSpan<ushort>();
                Span<uint> wide = MemoryMarshal.Cast<float, uint>(destination);
                for (int i = 0; i < bits.Length; i++) wide[i] = (uint)bits[i] << 16;
                break;
        }
        GC.KeepAlive(_file); // the spans above point into its map
    }
}
