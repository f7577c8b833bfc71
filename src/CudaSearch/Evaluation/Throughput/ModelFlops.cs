using CudaSearch.Checkpoints;

namespace CudaSearch.Evaluation.Throughput;

/// <summary>Floating-point operations that a model's shape asks for, two a multiply-add; what is not a matrix product or attention weighs nothing beside them.</summary>
public static class ModelFlops
{
    /// <summary>The operations of matrix products and attention.</summary>
    /// <param name="model">The model.</param>
    /// <param name="rows">Tokens that go through the layers.</param>
    /// <param name="outputRows">Tokens whose logits over the vocabulary are computed.</param>
    /// <param name="keys">Keys that all rows attend to together, in a layer.</param>
    public static double Of(ModelConfig model, double rows, double outputRows, double keys)
    {
        double queries = model.NumAttentionHeads * model.HeadDim, values = model.NumKeyValueHeads * model.HeadDim, hidden = model.HiddenSize;
        double layer = hidden * (2 * queries + 2 * values) + 3 * hidden * model.IntermediateSize;
        return 2 * (model.NumHiddenLayers * (layer * rows + 2 * queries * keys) + hidden * model.VocabSize * outputRows);
    }
}
