using System.Runtime.InteropServices;

namespace CudaSearch.Checkpoints;

/// <summary>
/// Made-up bf16 weights for measuring: every tensor begins at the same block of small random numbers, as large as the largest of them, so that a model
/// of any size takes little memory on the host. A device that keeps weights of its own still loads each tensor for itself.
/// </summary>
internal sealed unsafe class RandomWeights : ITensorData, IDisposable
{
    private ushort* _block;

    /// <param name="elements">Elements of the largest tensor.</param>
    /// <param name="seed">Of the numbers.</param>
    public RandomWeights(long elements, int seed)
    {
        _block = (ushort*)NativeMemory.Alloc((nuint)elements, sizeof(ushort));
        var random = new Random(seed);
        for (long i = 0; i < elements; i++)
        {
            // ±[2^-6, 2^-4): a random sign and mantissa below a fixed range of exponents, so no number is zero or wild.
            uint bits = (uint)random.Next();
            _block[i] = (ushort)((bits & 0x80FF) | 0x3C80);
        }
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
    public TensorView Tensor(string name, params long[] shape) =>
        new(this, new TensorEntry(name, ElementType.BF16, shape, 0, shape.Aggregate(1L, (product, length) => product * length) * sizeof(ushort)));

    public void Dispose()
    {
        NativeMemory.Free(_block);
        _block = null;
    }
}
