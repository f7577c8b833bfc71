using System.Runtime.InteropServices;

namespace CudaSearch.Checkpoints;

/// <summary>
/// Made-up bf16 weights for measuring: every tensor begins at the same block of small random numbers, as large as the largest of them, so that a model
/// of any size takes little memory on the host. A device that keeps weights of its own still loads each tensor for itself; one that reads them in place
/// must have them apart, or its caches would hold what in truth comes from memory.
/// </summary>
internal sealed unsafe class RandomWeights : ITensorData, IDisposable
{
    private readonly Dictionary<(string Name, long Elements), RandomWeights>? _apart;
    private readonly long _elements;
    private ushort* _block;

    /// <param name="elements">Elements of the largest tensor.</param>
    /// <param name="seed">Of the numbers.</param>
    /// <param name="apart">Whether every tensor is a copy of its own.</param>
    public RandomWeights(long elements, int seed, bool apart)
    {
        _elements = elements;
        if (apart) _apart = [];
        _block = (ushort*)NativeMemory.Alloc((nuint)elements, sizeof(ushort));
        var random = new Random(seed);
        for (long i = 0; i < elements; i++)
        {
            // ±[2^-6, 2^-4): a random sign and mantissa below a fixed range of exponents, so no number is zero or wild.
            uint bits = (uint)random.Next();
            _block[i] = (ushort)((bits & 0x80FF) | 0x3C80);
        }
    }

    private RandomWeights(RandomWeights source, long elements)
    {
        _elements = elements;
        _block = (ushort*)NativeMemory.Alloc((nuint)elements, sizeof(ushort));
        for (long done = 0; done < elements; done += source._elements)
            NativeMemory.Copy(source._block, _block + done, (nuint)(Math.Min(source._elements, elements - done) * sizeof(ushort)));
    }

    public string FilePath => "random weights";

    public byte* Data
    {
        get
        {
            ObjectDisposedException.ThrowIf(_block is null, this);
            return (byte*)_block;
        }
    }

    /// <summary>A tensor of this shape.</summary>
    public TensorView Tensor(string name, params long[] shape)
    {
        long elements = shape.Aggregate(1L, (product, length) => product * length);
        RandomWeights home = this;
        // Whoever asks for a tensor's type alone names no shape.
        if (_apart is not null && !_apart.TryGetValue((name, elements), out home!)) _apart.Add((name, elements), home = new RandomWeights(this, elements));
        return new TensorView(home, new TensorEntry(name, ElementType.BF16, shape, 0, elements * sizeof(ushort)));
    }

    public void Dispose()
    {
        foreach (RandomWeights tensor in _apart?.Values.ToArray() ?? []) tensor.Dispose();
        NativeMemory.Free(_block);
        _block = null;
    }
}
