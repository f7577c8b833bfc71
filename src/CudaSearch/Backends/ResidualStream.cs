namespace CudaSearch.Backends;

/// <summary>
/// The residual stream of a pass, and beside it what its backend keeps for the norm that comes next: whoever writes the stream is told that norm, and who
/// reads normed rows gets them from here.
/// </summary>
public abstract class ResidualStream : IDisposable
{
    /// <summary>The stream itself, float32 [rows, hidden].</summary>
    public abstract DeviceTensor Sums { get; }

    /// <summary>Gives the memory back.</summary>
    public abstract void Dispose();
}

/// <summary>x / sqrt(mean(x²) + epsilon) * weight, row by row (Zhang and Sennrich 2019).</summary>
/// <param name="Weight">[hidden]</param>
/// <param name="Epsilon">Added to the mean square.</param>
public readonly record struct RmsNorm(DeviceWeight Weight, float Epsilon);
