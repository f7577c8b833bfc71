namespace CudaSearch.Backends.Cpu;

/// <summary>The residual stream, and its rows as the norm that comes next makes them.</summary>
internal sealed class CpuResidual(int rows, int columns) : ResidualStream
{
    private readonly CpuTensor _sums = new(rows, columns);

    public override CpuTensor Sums => _sums;

    /// <summary>[rows, hidden]</summary>
    public CpuTensor Normed { get; } = new(rows, columns);

    public override void Dispose()
    {
        _sums.Dispose();
        Normed.Dispose();
    }
}
