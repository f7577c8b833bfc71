using CudaSearch.Checkpoints;

namespace KernelBench;

/// <summary>A weight matrix that rows are multiplied with.</summary>
/// <param name="Name">What it does in a model.</param>
/// <param name="N">Output columns.</param>
/// <param name="K">Input columns.</param>
/// <param name="MostRows">Rows that it ever meets.</param>
internal sealed record ProductShape(string Name, int N, int K, int MostRows = int.MaxValue)
{
    // Only the rows that draw a token meet the output matrix.
    private const int MostDraws = 256;

    /// <summary>The products of a layer, and the output matrix.</summary>
    public static IReadOnlyList<ProductShape> Of(ModelConfig model) =>
    [
        new("qkv", (model.NumAttentionHeads + (2 * model.NumKeyValueHeads)) * model.HeadDim, model.HiddenSize),
        new("o", model.HiddenSize, model.NumAttentionHeads * model.HeadDim),
        new("gate_up", 2 * model.IntermediateSize, model.HiddenSize),
        new("down", model.HiddenSize, model.IntermediateSize),
        new("head", (model.VocabSize + 7) / 8 * 8, model.HiddenSize, MostDraws),
    ];
}
