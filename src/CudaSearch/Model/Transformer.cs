using CudaSearch.Backends;
using CudaSearch.Checkpoints;

namespace CudaSearch.Model;

/// <summary>
/// The layer schedule of Llama, Qwen2 and Mistral, written once over <see cref="IBackend"/>. (Touvron et al. 2023)
/// The checkpoint stays the caller's; weights, activations and the KV cache on the device are this object's.
/// </summary>
public sealed class Transformer : IPass, IDisposable
{
    private readonly IBackend _backend;
    private readonly Layer[] _layers;
    private readonly DeviceWeight _embedding;
    private readonly RmsNorm _finalNorm;
    private readonly DeviceWeight? _head; // null where a reward head has a matrix of its own: there are no logits then
    private readonly DeviceRope _rope;
    private readonly AttentionWorkspace _workspace;
    private readonly RewardLayers? _reward;
    private readonly Stack<IDisposable> _owned = new();
    private KvCache? _cache;

    // Activations of a pass; [MaxRows, …].
    private readonly ResidualStream _residual; // hidden
    private readonly DeviceTensor _queries;    // heads * headDim
    private readonly DeviceTensor _attended;   // heads * headDim
    private readonly DeviceTensor _activated;  // intermediate
    private readonly DeviceTensor _outputs;    // [MaxOutputRows, hidden]
    private readonly DeviceTensor? _logits;    // [MaxOutputRows, vocabulary], with _head

    /// <summary>Loads the weights and makes room for passes; <see cref="CreateCache"/> must follow before the first.</summary>
    /// <param name="backend">Where to compute.</param>
    /// <param name="checkpoint">The model; must outlive this object.</param>
    /// <param name="maxRows">The most tokens a pass may have.</param>
    /// <param name="maxOutputRows">The most rows of a pass that may need their final hidden state.</param>
    /// <param name="reward">What judges; null for a model that only generates. One with a matrix of its own makes a model that only
    /// judges.</param>
    /// <param name="loaded">Told the bytes of each tensor once it is on the device.</param>
    /// <param name="precision">What matrices, keys and values are kept in.</param>
    public Transformer(
        IBackend backend, Checkpoint checkpoint, int maxRows = 1024, int maxOutputRows = 1024, RewardHead? reward = null, IProgress<long>? loaded = null,
        ModelPrecision precision = default)
    {
        _backend = backend;
        Config = checkpoint.Config;
        Precision = precision;
        MaxRows = maxRows;
        MaxOutputRows = Math.Min(maxRows, maxOutputRows);
        Attention = new AttentionShape(Config.NumAttentionHeads, Config.NumKeyValueHeads, Config.HeadDim);
        long rest = checkpoint.ByteLength;
        Axis one = Axis.Plain(1), hidden = Axis.Plain(Config.HiddenSize), vocabulary = Axis.Plain(Config.VocabSize);
        Axis intermediate = Axis.Plain(Config.IntermediateSize);
        int keyLength = Config.NumKeyValueHeads * Config.HeadDim;
        Axis queries = Axis.OfHeads(Config.NumAttentionHeads, Config.HeadDim);
        // An output matrix in e4m3 would add half as much to the logits' error as all layers make together, and where it is the embedding as well be kept twice.
        WeightPrecision ofHead = precision.Weights == WeightPrecision.Fp8 ? WeightPrecision.Stored : precision.Weights;
        try
        {
            WeightUse use = Config.TieWordEmbeddings && reward?.Module is null ? WeightUse.Product : WeightUse.Lookup;
            _embedding = Matrix("model.embed_tokens.weight", vocabulary, hidden, ofHead, use);
            if (reward?.Module is null) _head = Config.TieWordEmbeddings ? _embedding : Matrix("lm_head.weight", vocabulary, hidden, ofHead);
            _finalNorm = Norm("model.norm.weight");
            _layers = new Layer[Config.NumHiddenLayers];
            for (int i = 0; i < _layers.Length; i++)
            {
                string prefix = $"model.layers.{i}.", attention = prefix + "self_attn.", mlp = prefix + "mlp.";
                CheckSameType(checkpoint, mlp + "gate_proj.weight", mlp + "up_proj.weight");
                _layers[i] = new Layer(
                    Norm(prefix + "input_layernorm.weight"),
                    Projection(attention),
                    Matrix(attention + "o_proj.weight", hidden, queries, precision.Weights),
                    Norm(prefix + "post_attention_layernorm.weight"),
                    Matrix(mlp + "gate_proj.weight", intermediate, hidden, precision.Weights),
                    Matrix(mlp + "up_proj.weight", intermediate, hidden, precision.Weights),
                    Matrix(mlp + "down_proj.weight", hidden, intermediate, precision.Weights));
            }
            _rope = Own(backend.LoadRope(Config.RopeInverseFrequencies(), Config.MaxPositionEmbeddings));
            _workspace = Own(backend.AllocateWorkspace(Attention, maxRows, precision.Kv));
            _residual = Own(backend.AllocateResidual(maxRows, hidden));
            _queries = Own(backend.Allocate(maxRows, queries, ActivationType.Operand));
            _attended = Own(backend.Allocate(maxRows, queries, ActivationType.Operand));
            _activated = Own(backend.Allocate(maxRows, intermediate, ActivationType.Operand));
            _outputs = Own(backend.Allocate(MaxOutputRows, hidden, ActivationType.Operand));
            if (_head is not null) _logits = Own(backend.Allocate(MaxOutputRows, vocabulary, ActivationType.Sum));
            if (reward is not null)
            {
                _reward = new RewardLayers(
                    reward, _head, checkpoint, Load, columns => Own(backend.Allocate(MaxOutputRows, columns, ActivationType.Operand)));
            }
            // Tensors that are not needed count as well: whoever watches sees all of the checkpoint's bytes.
            if (rest > 0) loaded?.Report(rest);
        }
        catch
        {
            Dispose();
            throw;
        }

        DeviceWeight Matrix(string name, Axis rows, Axis columns, WeightPrecision of, WeightUse use = WeightUse.Product) =>
            LoadFor(checkpoint.Get(name, rows.Length, columns.Length), rows, columns, of, use);
        RmsNorm Norm(string name) => new(Load(checkpoint.Get(name, Config.HiddenSize), one, hidden), (float)Config.RmsNormEps);
        AttentionProjection Projection(string prefix)
        {
            QueryKeyValue<TensorView> weights = Tensors(".weight", Config.HiddenSize);
            QueryKeyValue<TensorView>? biases = Config.QkvBias ? Tensors(".bias") : null;
            AttentionProjection projection = Own(backend.LoadProjection(weights, biases, Attention, hidden, precision.Weights));
            Report(Bytes(weights));
            if (biases is { } loadedBiases) Report(Bytes(loadedBiases));
            return projection;

            QueryKeyValue<TensorView> Tensors(string suffix, params ReadOnlySpan<long> columns) => new(
                checkpoint.Get(prefix + "q_proj" + suffix, [queries.Length, .. columns]),
                checkpoint.Get(prefix + "k_proj" + suffix, [keyLength, .. columns]),
                checkpoint.Get(prefix + "v_proj" + suffix, [keyLength, .. columns]));
            static long Bytes(QueryKeyValue<TensorView> tensors) => tensors.Query.ByteLength + tensors.Key.ByteLength + tensors.Value.ByteLength;
        }
        DeviceWeight Load(TensorView tensor, Axis rows, Axis columns) => LoadFor(tensor, rows, columns, ofHead);
        DeviceWeight LoadFor(TensorView tensor, Axis rows, Axis columns, WeightPrecision of, WeightUse use = WeightUse.Product)
        {
            DeviceWeight weight = Own(backend.LoadWeight(tensor, rows, columns, use, of));
            Report(tensor.ByteLength);
            return weight;
        }
        void Report(long bytes)
        {
            loaded?.Report(bytes);
            WeightBytes += bytes;
            rest -= bytes;
        }
    }

    /// <summary>As the other, with a cache of so many pages.</summary>
    public static Transformer WithCache(
        IBackend backend, Checkpoint checkpoint, int pages, int maxRows = 1024, int maxOutputRows = 1024, RewardHead? reward = null,
        ModelPrecision precision = default)
    {
        var model = new Transformer(backend, checkpoint, maxRows, maxOutputRows, reward, loaded: null, precision);
        try
        {
            model.CreateCache(pages);
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>The model's configuration.</summary>
    public ModelConfig Config { get; }

    /// <summary>What its matrices, keys and values are kept in.</summary>
    public ModelPrecision Precision { get; }

    /// <summary>The most tokens a pass may have.</summary>
    public int MaxRows { get; }

    /// <summary>The most output rows a pass may have.</summary>
    public int MaxOutputRows { get; }

    /// <summary>Pages of the KV cache.</summary>
    public int Pages => _cache?.Shape.Pages ?? 0;

    /// <inheritdoc/>
    public AttentionShape Attention { get; }

    /// <inheritdoc/>
    public long WeightBytes { get; private set; }

    /// <summary>Whether it was given a reward head.</summary>
    public bool HasReward => _reward is not null;

    /// <summary>Tokens are drawn one after another, a short pass each; what judges has longer passes and fewer.</summary>
    bool IPass.GoesFirst => !HasReward;

    /// <summary>What the backend wants planned.</summary>
    public PlanLimits PlanLimits => _backend.PlanLimits;

    /// <summary>The KV cache a model needs for so many pages.</summary>
    public static KvShape CacheShape(ModelConfig config, int pages, KvPrecision precision = KvPrecision.Native) =>
        new(config.NumHiddenLayers, pages, config.NumKeyValueHeads, config.HeadDim, precision);

    /// <summary>Bytes that one page of its KV cache takes.</summary>
    public long PageBytes => _backend.PageBytes(CacheShape(Config, pages: 1, Precision.Kv));

    /// <summary>Makes the KV cache, once.</summary>
    public void CreateCache(int pages) => _cache = Own(_backend.AllocateCache(CacheShape(Config, pages, Precision.Kv)));

    /// <summary>
    /// Runs one pass: every row's keys and values enter the cache; sampled tokens and rewards come back in the batch. Logits of output rows
    /// can be read with <see cref="ReadLogits"/> until the next pass, where the batch asked for them (<see cref="StepBatch.StoresLogits"/>).
    /// </summary>
    /// <param name="batch">Completed; at least one row.</param>
    public void Forward(StepBatch batch)
    {
        CheckRoom(batch);
        _backend.Run(this, batch);
    }

    /// <summary>Begins a pass as <see cref="Forward"/> does, one at a time; <see cref="Finish"/> ends it, and until then the batch stays as it is.</summary>
    /// <param name="batch">Completed; at least one row.</param>
    public void Launch(StepBatch batch)
    {
        CheckRoom(batch);
        _backend.Launch(this, batch);
    }

    /// <summary>Whether the pass that was launched has ended, so that <see cref="Finish"/> does not wait.</summary>
    public bool IsDone => _backend.IsDone(this);

    /// <summary>Waits for the pass that was launched; what <see cref="Forward"/> gives is there then.</summary>
    /// <param name="batch">The pass's own.</param>
    public void Finish(StepBatch batch) => _backend.Finish(this, batch);

    private void CheckRoom(StepBatch batch)
    {
        if (batch.RowCount > MaxRows || batch.OutputRows.Length > MaxOutputRows)
            throw new ArgumentException(
                $"the pass has {batch.RowCount} rows and {batch.OutputRows.Length} output rows; at most {MaxRows} and {MaxOutputRows} fit", nameof(batch));
    }

    void IPass.Issue(StepBatch batch)
    {
        KvCache cache = _cache ?? throw new InvalidOperationException("the model has no KV cache yet");
        _backend.CopyPages(cache, batch);
        _backend.Embed(_embedding, batch, _residual, _layers[0].AttentionNorm);
        for (int i = 0; i < _layers.Length; i++) IssueLayer(i, batch, cache);
        if (batch.OutputRows.Length == 0) return;
        _backend.RmsNormOutputRows(_residual, _finalNorm, batch, _outputs);
        if (batch.Rewarded.Length > 0) RequireReward().Issue(_backend, _outputs, batch);
        if (batch.Sampled.Length == 0 && !batch.StoresLogits) return;
        if (_head is null || _logits is null) throw NoLogits();
        if (batch.Sampled.Length > 0) _backend.SampleTokens(_outputs, _head, batch, _logits);
        else _backend.Linear(_outputs, _head, bias: null, batch.GatheredRows, _logits);
    }

    /// <summary>Copies the logits of one output row of the last pass. [vocabulary]</summary>
    public void ReadLogits(int outputRow, Span<float> destination) => _backend.ReadRow(_logits ?? throw NoLogits(), outputRow, destination);

    /// <inheritdoc/>
    public void Dispose()
    {
        _backend.Forget(this);
        while (_owned.TryPop(out IDisposable? owned)) owned.Dispose();
    }

    private static InvalidOperationException NoLogits() => new("this model judges with a head of its own and has no output matrix");

    private RewardLayers RequireReward() => _reward ?? throw new InvalidOperationException("this model has no reward head");

    private T Own<T>(T owned)
        where T : IDisposable
    {
        _owned.Push(owned);
        return owned;
    }

    private void IssueLayer(int index, StepBatch batch, KvCache cache)
    {
        Layer layer = _layers[index];
        // The final norm is of the output rows alone.
        RmsNorm? next = index + 1 < _layers.Length ? _layers[index + 1].AttentionNorm : null;
        _backend.ProjectAndAppend(_residual, layer.Projection, _rope, Attention, batch, cache, index, _workspace, _queries);
        _backend.Attend(_queries, Attention, batch, cache, index, _workspace, _attended);
        _backend.LinearAdd(_attended, layer.Output, batch, _residual, layer.MlpNorm);
        _backend.GatedLinear(_residual, layer.Gate, layer.Up, batch, _activated);
        _backend.LinearAdd(_activated, layer.Down, batch, _residual, next);
    }

    /// <summary>Backends read the two in one kernel, as one type.</summary>
    private static void CheckSameType(Checkpoint checkpoint, string first, string second)
    {
        TensorView a = checkpoint.Get(first), b = checkpoint.Get(second);
        if (a.Type != b.Type)
            throw CudaSearchException.BadInput($"{b.FilePath}: tensor \"{second}\" is {b.Type} and \"{first}\" is {a.Type}; convert them to one type");
    }

    // Hugging Face's names: input_layernorm; q_proj, k_proj and v_proj; o_proj; … ; each linear weight is [out, in].
    private sealed record Layer(
        RmsNorm AttentionNorm,
        AttentionProjection Projection,
        DeviceWeight Output,
        RmsNorm MlpNorm,
        DeviceWeight Gate, DeviceWeight Up, DeviceWeight Down);
}
