using CudaSearch.Backends;
using CudaSearch.Cache;
using CudaSearch.Checkpoints;
using CudaSearch.Model;
using CudaSearch.Tokenization;

namespace CudaSearch.Engine;

/// <summary>A checkpoint folder brought to life: weights, tokenizer, and an engine that runs it.</summary>
public sealed class LanguageModel : IDisposable
{
    private const int MaxRows = 1024;
    private const int MaxPages = 1 << 20;
    private const long LogitsBytes = 256L << 20;

    private readonly DeviceLoop _loop;
    private readonly Checkpoint _checkpoint;
    private readonly Transformer _transformer;
    private readonly string _tokenizerPath;
    private InferenceEngine? _engine;

    private LanguageModel(DeviceLoop loop, Checkpoint checkpoint, Transformer transformer, Tokenizer? tokenizer, string tokenizerPath)
    {
        _loop = loop;
        _checkpoint = checkpoint;
        _transformer = transformer;
        _tokenizerPath = tokenizerPath;
        OptionalTokenizer = tokenizer;
    }

    /// <summary>The folder's name.</summary>
    public string Name => _checkpoint.Name;

    /// <summary>The model's configuration.</summary>
    public ModelConfig Config => _checkpoint.Config;

    /// <summary>Runs it.</summary>
    /// <exception cref="InvalidOperationException"><see cref="Start"/> was not called yet.</exception>
    public InferenceEngine Engine => _engine ?? throw new InvalidOperationException("the model was not started");

    /// <summary>Bytes that one page of its KV cache takes.</summary>
    public long PageBytes => _transformer.PageBytes;

    /// <summary>What its matrices, keys and values are kept in.</summary>
    public ModelPrecision Precision => _transformer.Precision;

    /// <summary>Its tokenizer; null when the folder has none.</summary>
    public Tokenizer? OptionalTokenizer { get; }

    /// <summary>Its tokenizer.</summary>
    /// <exception cref="CudaSearchException">The folder has none.</exception>
    public Tokenizer Tokenizer => OptionalTokenizer
        ?? throw CudaSearchException.BadInput($"{_tokenizerPath} does not exist, and this command works with text; add the model's tokenizer.json, or give token ids");

    /// <summary>Loads a folder that holds a generator. <see cref="Start"/> must follow.</summary>
    /// <param name="directory">With config.json, safetensors and (for text) tokenizer.json.</param>
    /// <param name="backend">Where to compute.</param>
    /// <param name="loop">The backend's thread.</param>
    /// <param name="progress">Told how far the weights are; null for nobody.</param>
    /// <param name="precision">What matrices, keys and values are kept in.</param>
    public static LanguageModel LoadGenerator(
        string directory, IBackend backend, DeviceLoop loop, IProgress<LoadProgress>? progress = null, ModelPrecision precision = default) =>
        Load(directory, backend, loop, chooseHead: null, progress, precision);

    /// <summary>Loads a folder that holds a reward model. <see cref="Start"/> must follow.</summary>
    /// <param name="directory">With config.json, safetensors and tokenizer.json.</param>
    /// <param name="backend">Where to compute.</param>
    /// <param name="loop">The backend's thread.</param>
    /// <param name="chooseHead">Says what of the checkpoint judges; throws where nothing does. The tokenizer is null when the folder has
    /// none.</param>
    /// <param name="progress">Told how far the weights are; null for nobody.</param>
    /// <param name="precision">What matrices, keys and values are kept in.</param>
    public static LanguageModel LoadVerifier(
        string directory, IBackend backend, DeviceLoop loop, Func<Checkpoint, Tokenizer?, RewardHead> chooseHead,
        IProgress<LoadProgress>? progress = null, ModelPrecision precision = default) =>
        Load(directory, backend, loop, chooseHead, progress, precision);

    /// <summary>Makes the KV cache and begins to serve requests.</summary>
    /// <param name="cacheBytes">The most memory that the KV cache may take.</param>
    /// <returns>This model.</returns>
    /// <exception cref="CudaSearchException">Not one page fits.</exception>
    public LanguageModel Start(long cacheBytes)
    {
        _transformer.CreateCache(PagesWithin(cacheBytes));
        _engine = new InferenceEngine(_loop, _transformer, new EngineOptions { Tokenizer = OptionalTokenizer, EndTokens = EndTokens(Config, OptionalTokenizer) });
        return this;
    }

    /// <summary>Ends what runs without freeing anything: the device's thread may still be in a pass of another model.</summary>
    public void Stop() => _engine?.Dispose();

    /// <inheritdoc/>
    public void Dispose()
    {
        Stop();
        _transformer.Dispose();
        _checkpoint.Dispose();
    }

    private static LanguageModel Load(
        string directory, IBackend backend, DeviceLoop loop, Func<Checkpoint, Tokenizer?, RewardHead>? chooseHead,
        IProgress<LoadProgress>? progress, ModelPrecision precision)
    {
        Checkpoint checkpoint = Checkpoint.Open(directory);
        try
        {
            string tokenizerPath = Path.Combine(directory, "tokenizer.json");
            Tokenizer? tokenizer = File.Exists(tokenizerPath) ? Tokenizer.Load(tokenizerPath) : null;
            RewardHead? head = chooseHead?.Invoke(checkpoint, tokenizer);
            // Rows of logits are long; only a head of its own spares the model them.
            long rowBytes = sizeof(float) * (long)checkpoint.Config.VocabSize;
            int outputRows = head?.Module is null ? (int)Math.Clamp(LogitsBytes / rowBytes, 1, MaxRows) : MaxRows;
            var loaded = progress is null ? null : new LoadCounter(checkpoint.Name, checkpoint.ByteLength, progress);
            var transformer = new Transformer(backend, checkpoint, MaxRows, outputRows, head, loaded, precision);
            return new LanguageModel(loop, checkpoint, transformer, tokenizer, tokenizerPath);
        }
        catch
        {
            checkpoint.Dispose();
            throw;
        }
    }

    private int PagesWithin(long cacheBytes)
    {
        long pages = cacheBytes / PageBytes;
        if (pages < 1)
            throw new CudaSearchException(
                Failure.OutOfMemory,
                $"the memory left for the KV cache of {Name} is {Math.Max(0, cacheBytes)} bytes and one page of {PagePool.PageSize} tokens takes {PageBytes}; raise --memory");
        return (int)Math.Min(pages, MaxPages);
    }

    /// <summary>The template's end of turn first, because that is what ends an answer; then every other end the generation config names.</summary>
    private static int[] EndTokens(ModelConfig config, Tokenizer? tokenizer)
    {
        IReadOnlyList<int> ofTemplate = tokenizer is not null && ChatTemplate.IsKnown(tokenizer) ? ChatTemplate.For(tokenizer).EndTokenIds : [];
        return [.. ofTemplate.Take(1).Concat(config.EosTokenIds).Concat(ofTemplate).Distinct()];
    }
}
