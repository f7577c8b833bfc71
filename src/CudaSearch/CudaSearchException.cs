namespace CudaSearch;

/// <summary>Why an operation failed, in the terms a caller can act on. The command line maps each to an exit status.</summary>
public enum Failure
{
    /// <summary>A file, a model or an option value is wrong (exit status 2).</summary>
    BadInput,

    /// <summary>The device that was asked for cannot be used (exit status 3).</summary>
    DeviceUnavailable,

    /// <summary>One sequence alone needs more memory than there is (exit status 4).</summary>
    OutOfMemory,
}

/// <summary>The one exception type of this library: its message says what is wrong, where, and what to do.</summary>
public sealed class CudaSearchException : Exception
{
    /// <summary>Creates an exception of the given kind.</summary>
    /// <param name="failure">What kind of failure this is.</param>
    /// <param name="message">What is wrong, where, and what to do about it.</param>
    /// <param name="inner">The cause, if another exception was.</param>
    public CudaSearchException(Failure failure, string message, Exception? inner = null)
        : base(message, inner) => Failure = failure;

    /// <summary>What kind of failure this is.</summary>
    public Failure Failure { get; }

    /// <summary>A <see cref="Failure.BadInput"/> with this message.</summary>
    public static CudaSearchException BadInput(string message, Exception? inner = null) => new(Failure.BadInput, message, inner);
}
