namespace CudaSearch.Backends.Cpu;

/// <summary>What the operations on the processor cannot do without: activations are float32, the cache and weights are as they are kept.</summary>
internal static class CpuCosts
{
    public static OperationCost CopyPages(KvShape shape, int copies) =>
        new(2.0 * copies * shape.Layers * CpuKvCache.PageBytesOf(shape), Flops: 0);

    public static OperationCost Embed(CpuWeight table, int rows, CpuWeight norm) =>
        new((double)rows * table.Columns * (table.ElementSize + sizeof(float)) + NormedBytes(norm, rows), Flops: 0);

    public static OperationCost RmsNorm(CpuWeight weight, int rows) => new((double)rows * weight.Columns * sizeof(float) + NormedBytes(weight, rows), Flops: 0);

    // A cosine and a sine for each pair of a row's head, once for all heads.
    public static OperationCost ProjectAndAppend(CpuProjection projection, AttentionShape shape, int rows, KvPrecision precision)
    {
        var (weights, biases) = (projection.Weights, projection.Biases);
        int n = weights.Query.Rows + weights.Key.Rows + weights.Value.Rows;
        double vectorBytes = 2.0 * shape.KvHeads * CpuKvCache.VectorBytes(shape.HeadDim, precision);
        double outputBytes = rows * ((weights.Query.Rows + shape.HeadDim) * sizeof(float) + vectorBytes) + BiasBytes(biases.Query) + BiasBytes(biases.Key) + BiasBytes(biases.Value);
        return OperationCost.OfProduct(rows, n, weights.Query.Columns, sizeof(float), weights.Query.ProductElementSize, outputBytes);
    }

    public static OperationCost Attend(StepBatch batch, AttentionShape shape, KvPrecision precision)
    {
        int vectorBytes = CpuKvCache.VectorBytes(shape.HeadDim, precision);
        return AttentionCost.OfPlanned(batch, shape, sizeof(float), vectorBytes) + AttentionCost.OfUnplanned(batch, shape, sizeof(float), vectorBytes);
    }

    public static OperationCost LinearAdd(CpuWeight weight, int rows, CpuWeight? next) =>
        Product(weight, rows, 2.0 * rows * weight.Rows * sizeof(float) + (next is null ? 0 : NormedBytes(next, rows)));

    public static OperationCost GatedLinear(CpuWeight gate, int rows) =>
        OperationCost.OfProduct(rows, 2.0 * gate.Rows, gate.Columns, sizeof(float), gate.ProductElementSize, (double)rows * gate.Rows * sizeof(float));

    public static OperationCost Linear(CpuWeight weight, CpuWeight? bias, int rows) =>
        Product(weight, rows, (double)rows * weight.Rows * sizeof(float) + BiasBytes(bias));

    // Logits are stored always.
    public static OperationCost SampleTokens(CpuWeight head, int outputs, int draws) =>
        Product(head, outputs, (double)outputs * head.Rows * sizeof(float) + draws * sizeof(int));

    public static OperationCost Reward(CpuWeight head, RewardRows rows, int rewards) =>
        OperationCost.OfProduct(rewards, rows.Negative is null ? 1 : 2, head.Columns, sizeof(float), head.ElementSize, rewards * sizeof(float));

    private static OperationCost Product(CpuWeight weight, int rows, double outputBytes) =>
        OperationCost.OfProduct(rows, weight.Rows, weight.Columns, sizeof(float), weight.ProductElementSize, outputBytes);

    // What a norm reads and writes besides the rows that it norms.
    private static double NormedBytes(CpuWeight norm, int rows) => (double)rows * norm.Columns * sizeof(float) + norm.Columns * norm.ElementSize;

    private static double BiasBytes(CpuWeight? bias) => bias is null ? 0 : bias.Columns * bias.ElementSize;
}
