namespace CudaSearch.Checkpoints;

/// <summary>Where the elements of tensors lie: a mapped file, or memory made up for a measurement.</summary>
internal unsafe interface ITensorData
{
    /// <summary>What messages call it.</summary>
    string FilePath { get; }

    /// <summary>The first byte.</summary>
    /// <exception cref="ObjectDisposedException">It is gone.</exception>
    byte* Data { get; }
}
