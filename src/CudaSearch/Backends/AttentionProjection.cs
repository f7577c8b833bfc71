namespace CudaSearch.Backends;

/// <summary>Something that attention has three of.</summary>
/// <param name="Query">Of the queries.</param>
/// <param name="Key">Of the keys.</param>
/// <param name="Value">Of the values.</param>
public readonly record struct QueryKeyValue<T>(T Query, T Key, T Value);

/// <summary>The weights and biases of a layer's query, key and value projections, laid out as their backend wants them.</summary>
public abstract class AttentionProjection : IDisposable
{
    /// <summary>Gives the memory back, where it is the backend's own.</summary>
    public abstract void Dispose();
}
