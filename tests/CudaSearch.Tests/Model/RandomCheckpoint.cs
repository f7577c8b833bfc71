using System.Text.Json;
using System.Text.Json.Nodes;
using CudaSearch.Checkpoints;
using CudaSearch.Tests.Checkpoints;

namespace CudaSearch.Tests.Model;

/// <summary>The architecture and the seed of a <see cref="RandomCheckpoint"/>.</summary>
internal sealed record RandomModel
{
    public string ModelType { get; init; } = "llama";
    public int HiddenSize { get; init; } = 32;
    public int IntermediateSize { get; init; } = 48;
    public int NumHiddenLayers { get; init; } = 2;
    public int NumAttentionHeads { get; init; } = 4;
    public int NumKeyValueHeads { get; init; } = 2;
    public int HeadDim { get; init; } = 8;
    public int VocabSize { get; init; } = 67;
    public int MaxPositionEmbeddings { get; init; } = 1024;
    public double RopeTheta { get; init; } = 10000;
    public Llama3RopeScaling? RopeScaling { get; init; }
    public bool TieWordEmbeddings { get; init; }

    /// <summary>What config.json names; null leaves the key out.</summary>
    public string[]? Architectures { get; init; }

    /// <summary>Linear modules of a reward head: name, rows, columns; each with a bias. With any, there is no lm_head.</summary>
    public (string Name, int Rows, int Columns)[] HeadModules { get; init; } = [];

    public ElementType Type { get; init; } = ElementType.F32;
    public int Seed { get; init; } = 1;
}

/// <summary>
/// A checkpoint directory with random weights, deleted on disposal. Weights are scaled so that activations, attention scores and
/// logits are all of the order of one: no part of the forward pass may be wrong unnoticed.
/// </summary>
internal sealed class RandomCheckpoint : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly RandomModel _model;
    private readonly Random _random;

    public RandomCheckpoint(RandomModel model)
    {
        _model = model;
        _random = new Random(model.Seed);
        _folder.Write("config.json", Config().ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
        SafeTensorsWriter.Write(_folder.File("model.safetensors"), Tensors());
    }

    /// <summary>The checkpoint's directory.</summary>
    public string Directory => _folder.Path;

    public Checkpoint Open() => Checkpoint.Open(Directory);

    public void Dispose() => _folder.Dispose();

    private JsonObject Config() => new()
    {
        ["model_type"] = _model.ModelType,
        ["architectures"] = _model.Architectures is { } names ? new JsonArray([.. names.Select(name => (JsonNode)name)]) : null,
        ["hidden_size"] = _model.HiddenSize,
        ["intermediate_size"] = _model.IntermediateSize,
        ["num_hidden_layers"] = _model.NumHiddenLayers,
        ["num_attention_heads"] = _model.NumAttentionHeads,
        ["num_key_value_heads"] = _model.NumKeyValueHeads,
        ["head_dim"] = _model.HeadDim,
        ["vocab_size"] = _model.VocabSize,
        ["max_position_embeddings"] = _model.MaxPositionEmbeddings,
        ["hidden_act"] = "silu",
        ["rms_norm_eps"] = 1e-5,
        ["rope_theta"] = _model.RopeTheta,
        ["rope_scaling"] = _model.RopeScaling is not { } scaling ? null : new JsonObject
        {
            ["rope_type"] = "llama3",
            ["factor"] = scaling.Factor,
            ["low_freq_factor"] = scaling.LowFreqFactor,
            ["high_freq_factor"] = scaling.HighFreqFactor,
            ["original_max_position_embeddings"] = scaling.OriginalMaxPositionEmbeddings,
        },
        ["sliding_window"] = null,
        ["tie_word_embeddings"] = _model.TieWordEmbeddings,
        ["bos_token_id"] = 1,
        ["eos_token_id"] = 2,
    };

    private IEnumerable<TensorData> Tensors()
    {
        int hidden = _model.HiddenSize, queries = _model.NumAttentionHeads * _model.HeadDim, keys = _model.NumKeyValueHeads * _model.HeadDim;
        yield return Matrix("model.embed_tokens.weight", _model.VocabSize, hidden);
        for (int layer = 0; layer < _model.NumHiddenLayers; layer++)
        {
            string prefix = $"model.layers.{layer}.";
            yield return Gains(prefix + "input_layernorm.weight", hidden);
            foreach ((string name, int rows) in ((string, int)[])[("q", queries), ("k", keys), ("v", keys)])
            {
                yield return Matrix($"{prefix}self_attn.{name}_proj.weight", rows, hidden);
                if (_model.ModelType == "qwen2") yield return Vector($"{prefix}self_attn.{name}_proj.bias", rows, mean: 0, deviation: 0.5);
            }
            yield return Matrix(prefix + "self_attn.o_proj.weight", hidden, queries);
            yield return Gains(prefix + "post_attention_layernorm.weight", hidden);
            yield return Matrix(prefix + "mlp.gate_proj.weight", _model.IntermediateSize, hidden);
            yield return Matrix(prefix + "mlp.up_proj.weight", _model.IntermediateSize, hidden);
            yield return Matrix(prefix + "mlp.down_proj.weight", hidden, _model.IntermediateSize);
        }
        yield return Gains("model.norm.weight", hidden);
        foreach ((string name, int rows, int columns) in _model.HeadModules)
        {
            yield return Matrix(name + ".weight", rows, columns);
            yield return Vector(name + ".bias", rows, mean: 0, deviation: 0.5);
        }
        if (!_model.TieWordEmbeddings && _model.HeadModules.Length == 0) yield return Matrix("lm_head.weight", _model.VocabSize, hidden);
    }

    private TensorData Matrix(string name, int rows, int columns) =>
        TensorData.Of(name, _model.Type, [rows, columns], Normal(rows * columns, mean: 0, deviation: 1 / Math.Sqrt(columns)));

    private TensorData Gains(string name, int length) => Vector(name, length, mean: 1, deviation: 0.2);

    private TensorData Vector(string name, int length, double mean, double deviation) =>
        TensorData.Of(name, _model.Type, [length], Normal(length, mean, deviation));

    // Box-Muller
    private float[] Normal(int count, double mean, double deviation) =>
        [.. Enumerable.Range(0, count).Select(_ => (float)(mean
            + deviation * Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble())))];
}
