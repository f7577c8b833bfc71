using System.Text;
using System.Text.Json;

namespace CudaSearch.Checkpoints;

/// <summary>Reads a <see cref="ModelConfig"/> and refuses what the engine does not compute.</summary>
internal static class ModelConfigReader
{
    private const int MaxFileBytes = 16 << 20;
    private const string GenerationConfigName = "generation_config.json";

    public static ModelConfig Load(string path)
    {
        ModelConfig config = Parse(StrictJson.ReadFile(path, MaxFileBytes), path);
        string generation = Path.Combine(Path.GetDirectoryName(path) ?? "", GenerationConfigName);
        if (!File.Exists(generation)) return config;
        using JsonDocument document = StrictJson.ParseObject(StrictJson.ReadFile(generation, MaxFileBytes), generation);
        int[]? ends = new ConfigObject(document.RootElement, generation).TokenIds("eos_token_id", config.VocabSize);
        return ends is null ? config : config with { EosTokenIds = ends };
    }

    public static ModelConfig Parse(string json, string source) => Parse(Encoding.UTF8.GetBytes(json), source);

    private static ModelConfig Parse(ReadOnlyMemory<byte> utf8, string where)
    {
        using JsonDocument document = StrictJson.ParseObject(utf8, where);
        ConfigObject json = new(document.RootElement, where);
        string modelType = ReadModelType(json, where);
        CheckSupported(json, modelType, where);

        int hidden = json.RequiredSize("hidden_size");
        int heads = json.RequiredSize("num_attention_heads");
        int keyValueHeads = json.Size("num_key_value_heads") ?? heads;
        if (heads % keyValueHeads != 0)
            throw CudaSearchException.BadInput($"{where}: num_attention_heads is {heads}, not a multiple of num_key_value_heads, {keyValueHeads}");
        int positions = json.RequiredSize("max_position_embeddings");
        CheckSlidingWindow(json, modelType, positions);
        int vocabulary = json.RequiredSize("vocab_size");
        (double theta, Llama3RopeScaling? scaling) = RopeReader.Read(json, where);
        return new ModelConfig
        {
            ModelType = modelType,
            Architectures = json.Strings("architectures") ?? [],
            HiddenSize = hidden,
            IntermediateSize = json.RequiredSize("intermediate_size"),
            NumHiddenLayers = json.RequiredSize("num_hidden_layers"),
            NumAttentionHeads = heads,
            NumKeyValueHeads = keyValueHeads,
            HeadDim = ReadHeadDim(json, hidden, heads, where),
            VocabSize = vocabulary,
            MaxPositionEmbeddings = positions,
            RmsNormEps = json.Number("rms_norm_eps", min: 0, above: true) ?? 1e-6,
            RopeTheta = theta,
            RopeScaling = scaling,
            TieWordEmbeddings = json.Boolean("tie_word_embeddings") ?? false,
            QkvBias = modelType == "qwen2",
            BosTokenId = json.TokenId("bos_token_id", vocabulary),
            EosTokenIds = json.TokenIds("eos_token_id", vocabulary) ?? [],
        };
    }

    private static string ReadModelType(ConfigObject json, string where)
    {
        const string Supported = "supported are llama, qwen2 and mistral";
        string type = json.String("model_type") ?? throw CudaSearchException.BadInput($"{where}: model_type is missing; {Supported}");
        return type is "llama" or "qwen2" or "mistral" ? type : throw CudaSearchException.BadInput($"{where}: model_type is {StrictJson.Quote(type)}; {Supported}");
    }

    // What would change the arithmetic, and is not computed, must not be ignored.
    private static void CheckSupported(ConfigObject json, string modelType, string where)
    {
        if (json.String("hidden_act") is string activation && activation != "silu")
            throw CudaSearchException.BadInput($"{where}: hidden_act is {StrictJson.Quote(activation)}; supported is silu");
        foreach (string key in (ReadOnlySpan<string>)["quantization_config", "compression_config"])
        {
            if (json.Value(key) is not null)
                throw CudaSearchException.BadInput($"{where}: {key} is set; quantised weights are not supported, use a checkpoint in {ElementTypeExtensions.Supported}");
        }
        // The other two do not look at these keys: qwen2 has biases on q, k and v always, mistral never.
        foreach (string key in (ReadOnlySpan<string>)["attention_bias", "mlp_bias"])
        {
            if (modelType == "llama" && json.Boolean(key) == true)
                throw CudaSearchException.BadInput($"{where}: {key} is true; llama is supported without biases only");
        }
    }

    private static void CheckSlidingWindow(ConfigObject json, string modelType, int positions)
    {
        bool used = modelType == "mistral" || (modelType == "qwen2" && json.Boolean("use_sliding_window") == true);
        if (used && json.Size("sliding_window") is int window && window < positions)
        {
            throw json.Fault("sliding_window", json.Value("sliding_window")!.Value,
                $"windows shorter than max_position_embeddings ({positions}) are not supported: to use the model within its window only, set max_position_embeddings to {window}");
        }
    }

    private static int ReadHeadDim(ConfigObject json, int hidden, int heads, string where)
    {
        int? given = json.Size("head_dim");
        if (given is null && hidden % heads != 0)
            throw CudaSearchException.BadInput($"{where}: hidden_size is {hidden}, not a multiple of num_attention_heads, {heads}, and no head_dim is given");
        int headDim = given ?? hidden / heads;
        if (headDim % 2 != 0) throw CudaSearchException.BadInput($"{where}: head_dim is {headDim}; the rotary embedding needs an even one");
        if ((long)heads * headDim > ConfigObject.MaxSize)
            throw CudaSearchException.BadInput($"{where}: num_attention_heads × head_dim is {(long)heads * headDim}, more than {ConfigObject.MaxSize}");
        return headDim;
    }
}
