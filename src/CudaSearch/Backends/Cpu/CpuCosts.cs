using CudaSearch.Cache;

namespace CudaSearch.Backends.Cpu;

/// <summary>What the operations on the processor cannot do without: activations and the cache are float32, weights are as they are kept.</summary>
internal static class CpuCosts
{
    public static OperationCost CopyPages(KvShape shape, int copies) =>
        new(2.0 * copies * shape.Layers * 2 * shape.Heads * shape.HeadDim * PagePool.PageSize * sizeof(float), Flops: 0);

    public static OperationCost Embed(CpuWeight table, int rows) => new((double)rows * table.Columns * (table.ElementSize + sizeof(float)), Flops: 0);

    public static OperationCost RmsNorm(CpuWeight weight, int rows) =>
        new(2.0 * rows * weight.Columns * sizeof(float) + weight.Columns * weight.ElementSize, Flops: 0);

    public static OperationCost Linear(CpuWeight weight, CpuWeight? bias, int rows, bool addToOutput)
    {
        double outputBytes = (double)rows * weight.Rows * sizeof(float) * (addToOutput ? 2 : 1) + (bias is null ? 0 : bias.Columns * bias.ElementSize);
        return OperationCost.OfProduct(rows, weight.Rows, weight.Columns, sizeof(float), weight.ProductElementSize, outputBytes);
    }

    public static OperationCost GatedLinear(CpuWeight gate, int rows) =>
        OperationCost.OfProduct(rows, 2.0 * gate.Rows, gate.Columns, sizeof(float), gate.ProductElementSize, (double)rows * gate.Rows * sizeof(float));

    // Queries are turned in place, keys and values read and appended; a cosine and a sine for each pair.
    public static OperationCost RotateAndAppend(AttentionShape shape, int rows) =>
        new((double)rows * shape.HeadDim * (2 * shape.Heads + 4 * shape.KvHeads + 1) * sizeof(float), Flops: 0);

    public static OperationCost Attend(StepBatch batch, AttentionShape shape) =>
        AttentionCost.OfPlanned(batch, shape, sizeof(float), sizeof(float)) + AttentionCost.OfUnplanned(batch, shape, sizeof(float), sizeof(float));

    public static OperationCost Sample(int draws, int vocabulary) => new((double)draws * vocabulary * sizeof(float), Flops: 0);

    public static OperationCost Reward(CpuWeight head, RewardRows rows, int rewards) =>
        OperationCost.OfProduct(rewards, rows.Negative is null ? 1 : 2, head.Columns, sizeof(float), head.ElementSize, rewards * sizeof(float));
}
