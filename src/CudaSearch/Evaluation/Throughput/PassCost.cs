using CudaSearch.Checkpoints;

namespace CudaSearch.Evaluation.Throughput;

/// <summary>What a pass must read and compute at the least, from the model's shape: the floor that times are compared with.</summary>
/// <param name="WeightBytes">Weights that every pass streams; the input embedding is only looked up.</param>
/// <param name="KvBytes">Keys and values of the pages visited, each visit once.</param>
/// <param name="Flops">Of matrix products and attention, two a multiply-add.</param>
public readonly record struct PassCost(double WeightBytes, double KvBytes, double Flops)
{
    /// <summary>Bytes in all.</summary>
    public double Bytes => WeightBytes + KvBytes;

    /// <summary>The cost of one pass.</summary>
    /// <param name="model">The model.</param>
    /// <param name="rows">Tokens of the pass.</param>
    /// <param name="outputRows">Rows that need logits.</param>
    /// <param name="pageVisits">Pages that attention reads in a layer.</param>
    /// <param name="keys">Keys that all rows attend to together, in a layer.</param>
    /// <param name="weightSize">Bytes of a weight as it is read.</param>
    /// <param name="pageBytes">Bytes of a page of all layers.</param>
    public static PassCost Of(ModelConfig model, int rows, int outputRows, long pageVisits, long keys, double weightSize, long pageBytes)
    {
        double queries = model.NumAttentionHeads * model.HeadDim, values = model.NumKeyValueHeads * model.HeadDim, hidden = model.HiddenSize;
        double layer = hidden * (2 * queries + 2 * values) + 3 * hidden * model.IntermediateSize, head = hidden * model.VocabSize;
        double flops = 2 * (model.NumHiddenLayers * (layer * rows + 2 * queries * keys) + head * outputRows);
        return new PassCost((model.NumHiddenLayers * layer + (outputRows > 0 ? head : 0)) * weightSize, (double)pageVisits * pageBytes, flops);
    }
}
