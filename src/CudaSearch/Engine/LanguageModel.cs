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
    private const long LogitsBytes = 256L << 20;

    private readonly Checkpoint _checkpoint;
    private readonly Transformer _transformer;
    private readonly string _tokenizerPath;

    private LanguageModel(Checkpoint checkpoint, Transformer transformer, InferenceEngine engine, Tokenizer? tokenizer, string tokenizerPath)
    {
        _checkpoint = checkpoint;
        _transformer = transformer;
        _tokenizerPath = tokenizerPath;
        OptionalTokenizer = tokenizer;
        Engine = engine;
    }

    /// <summary>The folder's name.</summary>
    public string Name => _checkpoint.Name;

    /// <summary>The model's configuration.</summary>
    public ModelConfig Config => _checkpoint.Config;

    /// <summary>Runs it.</summary>
    public InferenceEngine Engine { get; }

    /// <summary>Its tokenizer; null when the folder has none.</summary>
    public Tokenizer? OptionalTokenizer { get; }

    /// <summary>Its tokenizer.</summary>
    /// <exception cref="CudaSearchException">The folder has none.</exception>
    public Tokenizer Tokenizer => OptionalTokenizer
        ?? throw CudaSearchException.BadInput($"{_tokenizerPath} does not exist, and this command works with text; add the model's tokenizer.json, or give token ids");

    /// <summary>Opens a folder that holds a generator.</summary>
    /// <param name="directory">With config.json, safetensors and (for text) tokenizer.json.</param>
    /// <param name="backend">Where to compute.</param>
    /// <param name="loop">The backend's thread.</param>
    /// <param name="cacheBytes">The most memory that the KV cache may take.</param>
    public static LanguageModel OpenGenerator(string directory, IBackend backend, DeviceLoop loop, long cacheBytes) =>
        Open(directory, backend, loop, cacheBytes, rewardTokens: null);

    /// <summary>Opens a folder that holds a process reward model which judges by two tokens.</summary>
    /// <param name="directory">With config.json, safetensors and tokenizer.json.</param>
    /// <param name="backend">Where to compute.</param>
    /// <param name="loop">The backend's thread.</param>
    /// <param name="cacheBytes">The most memory that the KV cache may take.</param>
    /// <param name="positive">The token for a good step.</param>
    /// <param name="negative">The token for a bad step.</param>
    public static LanguageModel OpenVerifier(
        string directory, IBackend backend, DeviceLoop loop, long cacheBytes, string positive = "+", string negative = "-") =>
        Open(directory, backend, loop, cacheBytes, (positive, negative));

    /// <inheritdoc/>
    public void Dispose()
    {
        Engine.Dispose();
        _transformer.Dispose();
        _checkpoint.Dispose();
    }

    private static LanguageModel Open(
        string directory, IBackend backend, DeviceLoop loop, long cacheBytes, (string Positive, string Negative)? rewardTokens)
    {
        Checkpoint checkpoint = Checkpoint.Open(directory);
        try
        {
            string tokenizerPath = Path.Combine(directory, "tokenizer.json");
            Tokenizer? tokenizer = File.Exists(tokenizerPath) ? Tokenizer.Load(tokenizerPath) : null;
            ModelConfig config = checkpoint.Config;
            var options = new EngineOptions
            {
                Tokenizer = tokenizer,
                EndTokens = EndTokens(config, tokenizer),
                RewardHead = rewardTokens is { } tokens ? HeadOf(directory, tokenizer, tokens.Positive, tokens.Negative) : null,
            };
            int outputRows = (int)Math.Clamp(LogitsBytes / (sizeof(float) * (long)config.VocabSize), 1, MaxRows);
            var transformer = new Transformer(backend, checkpoint, PagesFor(config, backend, cacheBytes), MaxRows, outputRows);
            return new LanguageModel(checkpoint, transformer, new InferenceEngine(loop, transformer, options), tokenizer, tokenizerPath);
        }
        catch
        {
            checkpoint.Dispose();
            throw;
        }
    }

    private static int PagesFor(ModelConfig config, IBackend backend, long cacheBytes)
    {
        long pageBytes = backend.PageBytes(Transformer.CacheShape(config, pages: 1));
        long pages = cacheBytes / pageBytes;
        if (pages < 1)
            throw new CudaSearchException(
                Failure.OutOfMemory, $"the memory left for the KV cache is {cacheBytes} bytes and one page of {PagePool.PageSize} tokens takes {pageBytes}; raise --memory");
        return (int)Math.Min(pages, 1 << 20);
    }

    /// <summary>The template's end of turn first, because that is what ends an answer; then every other end the generation config names.</summary>
    private static int[] EndTokens(ModelConfig config, Tokenizer? tokenizer)
    {
        IReadOnlyList<int> ofTemplate = tokenizer is not null && ChatTemplate.IsKnown(tokenizer) ? ChatTemplate.For(tokenizer).EndTokenIds : [];
        return [.. ofTemplate.Take(1).Concat(config.EosTokenIds).Concat(ofTemplate).Distinct()];
    }

    private static RewardHead HeadOf(string directory, Tokenizer? tokenizer, string positive, string negative)
    {
        int Id(string token) => tokenizer?.TokenId(token)
            ?? throw CudaSearchException.BadInput($"{directory} cannot judge: its tokenizer has no token \"{token}\"; give --prm a process reward model in RLHFlow's format");
        return new RewardHead(Id(positive), Id(negative));
    }
}
