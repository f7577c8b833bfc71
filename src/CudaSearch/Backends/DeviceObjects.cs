namespace CudaSearch.Backends;

/// <summary>A weight matrix or vector where its backend wants it. Row-major [<see cref="Rows"/>, <see cref="Columns"/>]; a vector has one row.</summary>
public abstract class DeviceWeight(int rows, int columns) : IDisposable
{
    /// <summary>Output features of a linear layer; tokens of an embedding; 1 for a vector.</summary>
    public int Rows { get; } = rows;

    /// <summary>Input features, or the length of a vector.</summary>
    public int Columns { get; } = columns;

    /// <summary>Gives the memory back, where it is the backend's own.</summary>
    public abstract void Dispose();
}

/// <summary>Activations of a pass, float32 in value whatever the storage: [<see cref="Rows"/> capacity, <see cref="Columns"/>].</summary>
public abstract class DeviceTensor(int rows, int columns) : IDisposable
{
    /// <summary>The most rows it can hold.</summary>
    public int Rows { get; } = rows;

    /// <summary>Elements a row.</summary>
    public int Columns { get; } = columns;

    /// <summary>Gives the memory back.</summary>
    public abstract void Dispose();
}

/// <summary>What an activation is for; a backend chooses its storage by it.</summary>
public enum ActivationType
{
    /// <summary>Read by a matrix product or by attention; may be stored in the weights' precision.</summary>
    Operand,

    /// <summary>Sums that must keep float32: the residual stream, logits.</summary>
    Sum,
}

/// <summary>Rotation angles where a backend wants them: cos and sin of position × inverse frequency.</summary>
public abstract class DeviceRope : IDisposable
{
    /// <summary>Gives the memory back.</summary>
    public abstract void Dispose();
}

/// <summary>The shape of a paged KV cache.</summary>
/// <param name="Layers">Transformer layers.</param>
/// <param name="Pages">Pages of 16 tokens.</param>
/// <param name="Heads">Key/value heads a layer.</param>
/// <param name="HeadDim">Elements a head.</param>
/// <param name="Precision">What they are kept in.</param>
public readonly record struct KvShape(int Layers, int Pages, int Heads, int HeadDim, KvPrecision Precision = KvPrecision.Native);

/// <summary>Keys and values of all sequences of one model, in pages. The layout inside a page is the backend's.</summary>
public abstract class KvCache(KvShape shape) : IDisposable
{
    /// <summary>Its shape.</summary>
    public KvShape Shape { get; } = shape;

    /// <summary>Gives the memory back.</summary>
    public abstract void Dispose();
}

/// <summary>Memory that attention over a cache needs for itself within a pass.</summary>
public abstract class AttentionWorkspace : IDisposable
{
    /// <summary>Gives the memory back.</summary>
    public abstract void Dispose();
}

/// <summary>The geometry of attention in one layer.</summary>
/// <param name="Heads">Query heads.</param>
/// <param name="KvHeads">Key/value heads; each serves Heads / KvHeads query heads.</param>
/// <param name="HeadDim">Elements a head.</param>
public readonly record struct AttentionShape(int Heads, int KvHeads, int HeadDim);
