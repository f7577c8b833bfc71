using CudaSearch.Checkpoints;

namespace CudaSearch.Evaluation.Throughput;

/// <summary>Architectures that are measured with random weights.</summary>
public static class ModelShapes
{
    /// <summary>By name.</summary>
    public static IReadOnlyDictionary<string, ModelConfig> All { get; } = new Dictionary<string, ModelConfig>
    {
        ["tinymath"] = Llama(layers: 4, hidden: 192, intermediate: 512, heads: 4, kvHeads: 2, headDim: 64, tied: true, vocabulary: 404),
        ["llama-3.2-1b"] = Llama(layers: 16, hidden: 2048, intermediate: 8192, heads: 32, kvHeads: 8, headDim: 64, tied: true),
        ["llama-3.2-3b"] = Llama(layers: 28, hidden: 3072, intermediate: 8192, heads: 24, kvHeads: 8, headDim: 128, tied: true),
        ["llama-3.1-8b"] = Llama(layers: 32, hidden: 4096, intermediate: 14336, heads: 32, kvHeads: 8, headDim: 128, tied: false),
    };

    /// <summary>Llama-3.1-70B, to compare costs with: too large to be measured here.</summary>
    public static ModelConfig Llama70B { get; } = Llama(layers: 80, hidden: 8192, intermediate: 28672, heads: 64, kvHeads: 8, headDim: 128, tied: false);

    private static ModelConfig Llama(int layers, int hidden, int intermediate, int heads, int kvHeads, int headDim, bool tied, int vocabulary = 128256) => new()
    {
        ModelType = "llama",
        NumHiddenLayers = layers,
        HiddenSize = hidden,
        IntermediateSize = intermediate,
        NumAttentionHeads = heads,
        NumKeyValueHeads = kvHeads,
        HeadDim = headDim,
        VocabSize = vocabulary,
        MaxPositionEmbeddings = 8192,
        RmsNormEps = 1e-5,
        RopeTheta = 500000,
        TieWordEmbeddings = tied,
    };
}
