namespace CudaSearch.Backends;

/// <summary>
/// The features along one side of a weight or a row of activations: heads of equal size, or one plain run. A backend may pad each head, or the run,
/// with zeros to sizes its kernels want; it then needs to know where heads begin and that the two halves of a head rotate together.
/// </summary>
/// <param name="Heads">Heads; 1 for a plain run.</param>
/// <param name="HeadSize">Features a head.</param>
/// <param name="IsHeads">Whether these are attention heads.</param>
public readonly record struct Axis(int Heads, int HeadSize, bool IsHeads)
{
    /// <summary>Features in all.</summary>
    public int Length => Heads * HeadSize;

    /// <summary>A plain run of features.</summary>
    public static Axis Plain(int length) => new(1, length, IsHeads: false);

    /// <summary>Attention heads.</summary>
    public static Axis OfHeads(int heads, int headSize) => new(heads, headSize, IsHeads: true);
}
