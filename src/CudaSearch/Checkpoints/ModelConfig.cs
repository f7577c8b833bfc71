namespace CudaSearch.Checkpoints;

/// <summary>
/// The architecture of a decoder-only model (<c>llama</c>, <c>qwen2</c> or <c>mistral</c>): Hugging Face's config.json, checked.
/// Names are Hugging Face's.
/// </summary>
public sealed record ModelConfig
{
    /// <summary><c>llama</c>, <c>qwen2</c> or <c>mistral</c>.</summary>
    public required string ModelType { get; init; }

    /// <summary>
    /// Names of the classes that the checkpoint was saved from, e.g. <c>LlamaForCausalLM</c>; empty when config.json names none.
    /// </summary>
    public IReadOnlyList<string> Architectures { get; init; } = [];

    /// <summary>Width of the residual stream.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Width of the gated feed-forward layer.</summary>
    public required int IntermediateSize { get; init; }

    /// <summary>Number of layers.</summary>
    public required int NumHiddenLayers { get; init; }

    /// <summary>Number of query heads; a multiple of <see cref="NumKeyValueHeads"/>.</summary>
    public required int NumAttentionHeads { get; init; }

    /// <summary>Number of key and value heads; in config.json <see cref="NumAttentionHeads"/> when absent.</summary>
    public required int NumKeyValueHeads { get; init; }

    /// <summary>Width of a head, even; in config.json <see cref="HiddenSize"/> / <see cref="NumAttentionHeads"/> when absent.</summary>
    public required int HeadDim { get; init; }

    /// <summary>Number of token ids.</summary>
    public required int VocabSize { get; init; }

    /// <summary>The longest context in tokens.</summary>
    public required int MaxPositionEmbeddings { get; init; }

    /// <summary>Added to the mean square by RMSNorm; in config.json 1e-6 when absent.</summary>
    public required double RmsNormEps { get; init; }

    /// <summary>Base of the rotary embedding; in config.json 10000 when absent.</summary>
    public required double RopeTheta { get; init; }

    /// <summary>How the rotary embedding is stretched; null when it is not.</summary>
    public Llama3RopeScaling? RopeScaling { get; init; }

    /// <summary>Whether the output matrix is <c>model.embed_tokens.weight</c>, without an <c>lm_head.weight</c> of its own.</summary>
    public bool TieWordEmbeddings { get; init; }

    /// <summary>Whether the query, key and value projections have biases (qwen2).</summary>
    public bool QkvBias { get; init; }

    /// <summary>The token that begins a text, if the model has one.</summary>
    public int? BosTokenId { get; init; }

    /// <summary>The tokens that end a text; generation_config.json's where it names any.</summary>
    public IReadOnlyList<int> EosTokenIds { get; init; } = [];

    /// <summary>Reads config.json and, where there is one, the generation_config.json beside it.</summary>
    /// <exception cref="CudaSearchException">A file cannot be read, a value is missing or wrong, or the model is of a kind that is not
    /// supported; the message names the key.</exception>
    public static ModelConfig Load(string configJsonPath) => ModelConfigReader.Load(configJsonPath);

    /// <summary>Reads the text of a config.json.</summary>
    /// <param name="json">The text.</param>
    /// <param name="source">What messages call it.</param>
    /// <exception cref="CudaSearchException">A value is missing or wrong, or the model is of a kind that is not supported.</exception>
    public static ModelConfig Parse(string json, string source = "config.json") => ModelConfigReader.Parse(json, source);

    /// <summary>
    /// The rotary embedding's angles in radians per position, length <see cref="HeadDim"/> / 2, scaling applied. Entry i turns
    /// elements i and i + HeadDim/2 of a head.
    /// </summary>
    public double[] RopeInverseFrequencies()
    {
        double[] frequencies = new double[HeadDim / 2];
        for (int i = 0; i < frequencies.Length; i++)
        {
            double plain = 1 / Math.Pow(RopeTheta, 2.0 * i / HeadDim);
            frequencies[i] = RopeScaling?.Apply(plain) ?? plain;
        }
        return frequencies;
    }
}
