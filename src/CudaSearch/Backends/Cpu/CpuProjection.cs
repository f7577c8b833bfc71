namespace CudaSearch.Backends.Cpu;

/// <summary>Three projections as the checkpoint has them; the biases are null where the model has none.</summary>
internal sealed class CpuProjection(QueryKeyValue<CpuWeight> weights, QueryKeyValue<CpuWeight?> biases) : AttentionProjection
{
    public QueryKeyValue<CpuWeight> Weights => weights;

    public QueryKeyValue<CpuWeight?> Biases => biases;

    public override void Dispose()
    {
        weights.Query.Dispose();
        weights.Key.Dispose();
        weights.Value.Dispose();
        biases.Query?.Dispose();
        biases.Key?.Dispose();
        biases.Value?.Dispose();
    }
}
