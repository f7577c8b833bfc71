using CudaSearch.Backends;
using CudaSearch.Checkpoints;

namespace CudaSearch.Evaluation.Throughput;

/// <summary>What a pass must read and compute at the least, from the model's shape: the floor that times are compared with.</summary>
/// <param name="WeightBytes">Weights that every pass streams; the input embedding is only looked up.</param>
/// <param name="KvBytes">Keys and values of the pages visited, each visit once.</param>
/// <param name="ProductFlops">Of matrix products, two a multiply-add.</param>
/// <param name="AttentionFlops">Of attention, two a multiply-add.</param>
public readonly record struct PassCost(double WeightBytes, double KvBytes, double ProductFlops, double AttentionFlops)
{
    /// <summary>Bytes in all.</summary>
    public double Bytes => WeightBytes + KvBytes;

    /// <summary>Operations in all.</summary>
    public double Flops => ProductFlops + AttentionFlops;

    /// <summary>The cost of one pass.</summary>
    /// <param name="model">The model.</param>
    /// <param name="rows">Tokens of the pass.</param>
    /// <param name="outputRows">Rows that need logits.</param>
    /// <param name="pageVisits">Pages that attention reads in a layer.</param>
    /// <param name="keys">Keys that all rows attend to together, in a layer.</param>
    /// <param name="weightSize">Bytes of a weight of the layers as it is read.</param>
    /// <param name="headSize">Bytes of a weight of the output matrix.</param>
    /// <param name="pageBytes">Bytes of a page of all layers.</param>
    public static PassCost Of(ModelConfig model, int rows, int outputRows, long pageVisits, long keys, double weightSize, double headSize, long pageBytes)
    {
        // Two operations for each weight and row.
        double weights = ModelFlops.Of(model, rows: 1, outputRows: 0, keys: 0) / 2, head = ModelFlops.Of(model, rows: 0, outputRows > 0 ? 1 : 0, keys: 0) / 2;
        return new PassCost(
            weights * weightSize + head * headSize, (double)pageVisits * pageBytes, ModelFlops.Of(model, rows, outputRows, keys: 0), ModelFlops.Of(model, rows: 0, outputRows: 0, keys));
    }

    /// <summary>
    /// The least time that the pass can take: products and attention one after the other, as they depend on each other in a layer, each bound by memory or
    /// by arithmetic.
    /// </summary>
    public double FloorSeconds(Ceilings ceilings) =>
        new OperationCost(WeightBytes, ProductFlops).FloorSeconds(ceilings) + new OperationCost(KvBytes, AttentionFlops).FloorSeconds(ceilings);
}
