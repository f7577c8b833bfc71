using CudaSearch.Cuda;

namespace CudaSearch.Backends.Cuda.Ladder;

/// <summary>One way to compute a <see cref="LinearProduct"/>, with one idea more than the rung below it.</summary>
/// <param name="Name">Unique on the ladder.</param>
/// <param name="Idea">What it adds, in a few words.</param>
/// <param name="MostRows">Rows that it is made for.</param>
/// <param name="Order">
/// How a row's sum runs along k. Rungs of one order add the same numbers in the same order; whether their instructions round alike is for a device to show.
/// </param>
/// <param name="Prepare">
/// Makes what a product needs besides its operands; once for a weight and a capacity. Work is queued on the stream. Throws
/// <see cref="ArgumentException"/> for a size that the kernels are not made for.
/// </param>
internal sealed record LinearRung(string Name, string Idea, int MostRows, SumOrder Order, Func<CudaStream, LinearProduct, LinearRun> Prepare);

/// <summary>How the sum of an output runs along k.</summary>
internal enum SumOrder
{
    /// <summary>One chain of steps of 16, ascending.</summary>
    OneChain,

    /// <summary>Chains over equal parts of k, added in order; their number depends on n and k alone, so that a row does not show how many rows there are.</summary>
    Split,
}

/// <summary>A product that can be queued again and again.</summary>
/// <param name="launch">Queues it.</param>
/// <param name="owned">What was made for it.</param>
internal sealed class LinearRun(Action<CudaStream> launch, params IDisposable[] owned) : IDisposable
{
    /// <summary>Queues the product; nothing is allocated.</summary>
    public void Launch(CudaStream stream) => launch(stream);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (IDisposable item in owned) item.Dispose();
    }
}
