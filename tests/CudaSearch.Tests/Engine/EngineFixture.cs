using CudaSearch.Backends;
using CudaSearch.Backends.Cpu;
using CudaSearch.Checkpoints;
using CudaSearch.Engine;
using CudaSearch.Model;
using CudaSearch.Tests.Model;
using CudaSearch.Tokenization;

namespace CudaSearch.Tests.Engine;

/// <summary>An engine over a checkpoint folder; on disposal it checks that no page is left and every one is accounted for.</summary>
internal sealed class EngineFixture : IDisposable
{
    private readonly RandomCheckpoint? _random;
    private readonly IBackend _backend;
    private readonly DeviceLoop _loop = new();
    private readonly Transformer _transformer;

    public EngineFixture(
        RandomModel model, int pages = 256, int threads = 2, string? path = null, int maxRows = 64, bool share = true, RewardHead? reward = null)
        : this(new RandomCheckpoint(model), pages, threads, path, maxRows, share, reward)
    {
    }

    public EngineFixture(string directory, int pages = 256, int threads = 2, string? path = null, int maxRows = 64, Tokenizer? tokenizer = null)
        : this(Checkpoint.Open(directory), pages, threads, path, maxRows, share: true, reward: null, tokenizer)
    {
    }

    private EngineFixture(RandomCheckpoint random, int pages, int threads, string? path, int maxRows, bool share, RewardHead? reward)
        : this(random.Open(), pages, threads, path, maxRows, share, reward) => _random = random;

    private EngineFixture(
        Checkpoint checkpoint, int pages, int threads, string? path, int maxRows, bool share, RewardHead? reward, Tokenizer? tokenizer = null)
    {
        Checkpoint = checkpoint;
        _backend = CpuBackend.Create(threads, path);
        _transformer = new Transformer(_backend, checkpoint, pages, maxRows);
        Engine = new InferenceEngine(
            _loop, _transformer, new EngineOptions { ShareAttention = share, RewardHead = reward, Tokenizer = tokenizer, EndTokens = checkpoint.Config.EosTokenIds });
    }

    public Checkpoint Checkpoint { get; }

    public InferenceEngine Engine { get; }

    public void Dispose()
    {
        Engine.CheckIntegrity();
        Engine.ClearCache();
        Assert.Equal(0, Engine.Pool.UsedCount);
        Engine.Dispose();
        _loop.Dispose();
        _transformer.Dispose();
        _backend.Dispose();
        Checkpoint.Dispose();
        _random?.Dispose();
    }
}
