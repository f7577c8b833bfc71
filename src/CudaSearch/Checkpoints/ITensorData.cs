namespace CudaSearch.Checkpoints;

/// <summary>Where the elements of tensors lie: a mapped file, or memory made up for a measurement.</summary>
internal unsafe interface ITensorData
{
    /// <summary>What messages call it.</summary>
    string FilePath { get; }

    /// <summary>The first byte.</summary>
    /// <exception cref="ObjectDisposedException">It is gone.</exception>
    byte* Data { get; }

    /// <summary>Lets the system take the memory of some bytes back; they are still there when they are read again.</summary>
    void Forget(long offset, long length)
    {
    }
}
