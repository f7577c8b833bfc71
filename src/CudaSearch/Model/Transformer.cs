using CudaSearch.Backends;
using CudaSearch.Cache;
using CudaSearch.Checkpoints;

namespace CudaSearch.Model;

/// <summary>
/// The layer schedule of Llama, Qwen2 and Mistral, written once over <see cref="IBackend"/>. (Touvron et al. 2023)
/// Weights and the checkpoint stay the caller's; activations and the KV cache are this object's.
/// </summary>
public sealed class Transformer : IDisposable
{
    private readonly IBackend _backend;
    private readonly Layer[] _layers;
    private readonly DeviceWeight _embedding;
    private readonly DeviceWeight _finalNorm;
    private readonly DeviceWeight _head;
    private readonly RopeTable _rope;
    private readonly AttentionShape _attention;
    private readonly KvCache _cache;
    private readonly float _epsilon;

    // Activations of a pass; [MaxRows, …].
    private readonly DeviceTensor _hidden;     // residual stream, hidden
    private readonly DeviceTensor _normed;     // hidden
    private readonly DeviceTensor _queries;    // heads * headDim
    private readonly DeviceTensor _keys;       // kvHeads * headDim
    private readonly DeviceTensor _values;     // kvHeads * headDim
    private readonly DeviceTensor _attended;   // heads * headDim
    private readonly DeviceTensor _activated;  // intermediate
    private readonly DeviceTensor _outputs;    // [MaxOutputRows, hidden]
    private readonly DeviceTensor _logits;     // [MaxOutputRows, vocabulary]

    /// <summary>Loads the weights and makes room for passes.</summary>
    /// <param name="backend">Where to compute.</param>
    /// <param name="checkpoint">The model; must outlive this object.</param>
    /// <param name="pages">Pages of the KV cache.</param>
    /// <param name="maxRows">The most tokens a pass may have.</param>
    /// <param name="maxOutputRows">The most rows of a pass that may need their final hidden state.</param>
    public Transformer(IBackend backend, Checkpoint checkpoint, int pages, int maxRows = 1024, int maxOutputRows = 1024)
    {
        _backend = backend;
        Config = checkpoint.Config;
        MaxRows = maxRows;
        MaxOutputRows = Math.Min(maxRows, maxOutputRows);
        _epsilon = (float)Config.RmsNormEps;
        _attention = new AttentionShape(Config.NumAttentionHeads, Config.NumKeyValueHeads, Config.HeadDim);
        int hidden = Config.HiddenSize, queryWidth = Config.NumAttentionHeads * Config.HeadDim, kvWidth = Config.NumKeyValueHeads * Config.HeadDim;

        DeviceWeight Load(string name, params ReadOnlySpan<long> shape) => backend.LoadWeight(checkpoint.Get(name, shape));
        _embedding = Load("model.embed_tokens.weight", Config.VocabSize, hidden);
        _head = Config.TieWordEmbeddings ? _embedding : Load("lm_head.weight", Config.VocabSize, hidden);
        _finalNorm = Load("model.norm.weight", hidden);
        _layers = new Layer[Config.NumHiddenLayers];
        for (int i = 0; i < _layers.Length; i++)
        {
            string prefix = $"model.layers.{i}.";
            CheckSameType(checkpoint, prefix + "mlp.gate_proj.weight", prefix + "mlp.up_proj.weight");
            DeviceWeight? Bias(string projection, int width) =>
                Config.QkvBias ? Load($"{prefix}self_attn.{projection}.bias", width) : null;
            _layers[i] = new Layer(
                Load(prefix + "input_layernorm.weight", hidden),
                Load(prefix + "self_attn.q_proj.weight", queryWidth, hidden), Bias("q_proj", queryWidth),
                Load(prefix + "self_attn.k_proj.weight", kvWidth, hidden), Bias("k_proj", kvWidth),
                Load(prefix + "self_attn.v_proj.weight", kvWidth, hidden), Bias("v_proj", kvWidth),
                Load(prefix + "self_attn.o_proj.weight", hidden, queryWidth),
                Load(prefix + "post_attention_layernorm.weight", hidden),
                Load(prefix + "mlp.gate_proj.weight", Config.IntermediateSize, hidden),
                Load(prefix + "mlp.up_proj.weight", Config.IntermediateSize, hidden),
                Load(prefix + "mlp.down_proj.weight", hidden, Config.IntermediateSize));
        }
        _rope = new RopeTable(Config.RopeInverseFrequencies());
        _cache = backend.AllocateCache(CacheShape(Config, pages));
        _hidden = backend.Allocate(maxRows, hidden);
        _normed = backend.Allocate(maxRows, hidden);
        _queries = backend.Allocate(maxRows, queryWidth);
        _keys = backend.Allocate(maxRows, kvWidth);
        _values = backend.Allocate(maxRows, kvWidth);
        _attended = backend.Allocate(maxRows, queryWidth);
        _activated = backend.Allocate(maxRows, Config.IntermediateSize);
        _outputs = backend.Allocate(MaxOutputRows, hidden);
        _logits = backend.Allocate(MaxOutputRows, Config.VocabSize);
    }

    /// <summary>The model's configuration.</summary>
    public ModelConfig Config { get; }

    /// <summary>The most tokens a pass may have.</summary>
    public int MaxRows { get; }

    /// <summary>The most output rows a pass may have.</summary>
    public int MaxOutputRows { get; }

    /// <summary>Pages of the KV cache.</summary>
    public int Pages => _cache.Shape.Pages;

    /// <summary>The KV cache a model needs for so many pages.</summary>
    public static KvShape CacheShape(ModelConfig config, int pages) => new(config.NumHiddenLayers, pages, config.NumKeyValueHeads, config.HeadDim);

    /// <summary>
    /// Runs one pass: every row's keys and values enter the cache; sampled tokens and rewards come back in the batch. Logits of output rows
    /// can be read with <see cref="ReadLogits"/> until the next pass.
    /// </summary>
    /// <param name="batch">Completed; at least one row.</param>
    /// <param name="reward">The two rows of the output matrix that judge; needed only when the batch wants rewards.</param>
    public void Forward(StepBatch batch, RewardHead reward = default)
    {
        int rows = batch.RowCount;
        if (rows > MaxRows || batch.OutputRows.Length > MaxOutputRows)
            throw new ArgumentException($"the pass has {rows} rows and {batch.OutputRows.Length} output rows; at most {MaxRows} and {MaxOutputRows} fit", nameof(batch));
        _rope.EnsurePositions(HighestPosition(batch) + 1);
        _backend.CopyPages(_cache, batch.Copies);
        _backend.Embed(_embedding, batch, _hidden);
        for (int i = 0; i < _layers.Length; i++) Forward(_layers[i], i, batch, rows);
        if (batch.OutputRows.Length == 0) return;
        _backend.RmsNormOutputRows(_hidden, _finalNorm, _epsilon, batch, _outputs);
        if (batch.Rewarded.Length > 0) _backend.Reward(_outputs, _head, reward.Positive, reward.Negative, batch);
        if (!batch.NeedsLogits) return;
        _backend.Linear(_outputs, _head, bias: null, batch.OutputRows.Length, _logits);
        if (batch.Sampled.Length > 0) _backend.Sample(_logits, batch);
    }

    /// <summary>Copies the logits of one output row of the last pass. [vocabulary]</summary>
    public void ReadLogits(int outputRow, Span<float> destination) => _backend.ReadRow(_logits, outputRow, destination);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (DeviceTensor tensor in (DeviceTensor[])[_hidden, _normed, _queries, _keys, _values, _attended, _activated, _outputs, _logits])
            tensor.Dispose();
        _cache.Dispose();
    }

    private void Forward(Layer layer, int index, StepBatch batch, int rows)
    {
        _backend.RmsNorm(_hidden, layer.AttentionNorm, _epsilon, rows, _normed);
        _backend.Linear(_normed, layer.Query, layer.QueryBias, rows, _queries);
        _backend.Linear(_normed, layer.Key, layer.KeyBias, rows, _keys);
        _backend.Linear(_normed, layer.Value, layer.ValueBias, rows, _values);
        _backend.RotateAndAppend(_queries, _keys, _values, _rope, _attention, batch, _cache, index);
        _backend.Attend(_queries, _attention, batch, _cache, index, _attended);
        _backend.Linear(_attended, layer.Output, bias: null, rows, _hidden, addToOutput: true);
        _backend.RmsNorm(_hidden, layer.MlpNorm, _epsilon, rows, _normed);
        _backend.GatedLinear(_normed, layer.Gate, layer.Up, rows, _activated);
        _backend.Linear(_activated, layer.Down, bias: null, rows, _hidden, addToOutput: true);
    }

    /// <summary>Backends read the two in one kernel, as one type.</summary>
    private static void CheckSameType(Checkpoint checkpoint, string first, string second)
    {
        TensorView a = checkpoint.Get(first), b = checkpoint.Get(second);
        if (a.Type != b.Type)
            throw CudaSearchException.BadInput($"{b.FilePath}: tensor \"{second}\" is {b.Type} and \"{first}\" is {a.Type}; convert them to one type");
    }

    private static int HighestPosition(StepBatch batch)
    {
        int highest = 0;
        foreach (ref readonly QuerySpan span in batch.Spans) highest = Math.Max(highest, span.FirstPosition + span.RowCount - 1);
        return highest;
    }

    // Hugging Face's names: input_layernorm, q_proj, … ; each linear weight is [out, in].
    private sealed record Layer(
        DeviceWeight AttentionNorm,
        DeviceWeight Query, DeviceWeight? QueryBias,
        DeviceWeight Key, DeviceWeight? KeyBias,
        DeviceWeight Value, DeviceWeight? ValueBias,
        DeviceWeight Output,
        DeviceWeight MlpNorm,
        DeviceWeight Gate, DeviceWeight Up, DeviceWeight Down);
}
