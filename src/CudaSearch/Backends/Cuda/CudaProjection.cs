namespace CudaSearch.Backends.Cuda;

/// <summary>
/// Query, key and value projections as one matrix, and their biases as one vector. Inside a head of queries and keys the elements that rotate together are
/// neighbours: 0, D / 2, 1, D / 2 + 1, …; values have the plain order.
/// </summary>
/// <param name="weight">[(heads + 2 kvHeads) * padded head size, padded hidden] bf16</param>
/// <param name="bias">[(heads + 2 kvHeads) * padded head size] bf16; null where the model has none.</param>
internal sealed class CudaProjection(CudaWeight weight, CudaWeight? bias) : AttentionProjection
{
    public CudaWeight Weight => weight;

    public CudaWeight? Bias => bias;

    public override void Dispose()
    {
        weight.Dispose();
        bias?.Dispose();
    }
}
