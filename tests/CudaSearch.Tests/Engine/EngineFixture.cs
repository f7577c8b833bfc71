using CudaSearch.Backends;
using CudaSearch.Backends.Cpu;
using CudaSearch.Checkpoints;
using CudaSearch.Engine;
using CudaSearch.Model;
using CudaSearch.Tests.Model;
using CudaSearch.Tokenization;

namespace CudaSearch.Tests.Engine;

/// <summary>What differs between fixtures.</summary>
internal sealed record FixtureOptions
{
    public int Pages { get; init; } = 256;
    public int Threads { get; init; } = 2;
    public string? Path { get; init; }
    public int MaxRows { get; init; } = 64;
    public int MaxOutputRows { get; init; } = 1024;
    public bool Share { get; init; } = true;
    public RewardHead? Reward { get; init; }
    public Tokenizer? Tokenizer { get; init; }
    public int[]? EndTokens { get; init; }

    public ModelPrecision Precision { get; init; }

    /// <summary>Makes the backend; null for the CPU's.</summary>
    public Func<IBackend>? Backend { get; init; }

    /// <summary>Whether the test decides when a pass may go on.</summary>
    public bool Gated { get; init; }
}

/// <summary>An engine over a checkpoint folder; on disposal it checks that no page is left and every one is accounted for.</summary>
internal sealed class EngineFixture : IDisposable
{
    private readonly IDisposable? _files;
    private readonly IBackend _backend;
    private readonly DeviceLoop _loop = new();
    private readonly Transformer _transformer;
    private bool _disposed;

    public EngineFixture(
        RandomModel model, int pages = 256, int threads = 2, string? path = null, int maxRows = 64, bool share = true, RewardHead? reward = null)
        : this(model, new FixtureOptions { Pages = pages, Threads = threads, Path = path, MaxRows = maxRows, Share = share, Reward = reward })
    {
    }

    public EngineFixture(RandomModel model, FixtureOptions options)
        : this(new RandomCheckpoint(model), options)
    {
    }

    public EngineFixture(string directory, int pages = 256, int threads = 2, string? path = null, int maxRows = 64, Tokenizer? tokenizer = null)
        : this(Checkpoint.Open(directory), new FixtureOptions { Pages = pages, Threads = threads, Path = path, MaxRows = maxRows, Tokenizer = tokenizer })
    {
    }

    public EngineFixture(Checkpoint checkpoint, FixtureOptions options, IDisposable? files = null)
    {
        Checkpoint = checkpoint;
        _files = files;
        IBackend backend = options.Backend?.Invoke() ?? CpuBackend.Create(options.Threads, options.Path);
        _backend = options.Gated ? Gate = new GatedBackend(backend) : backend;
        _transformer = Transformer.WithCache(_backend, checkpoint, options.Pages, options.MaxRows, options.MaxOutputRows, options.Reward, options.Precision);
        Engine = new InferenceEngine(
            _loop,
            _transformer,
            new EngineOptions
            {
                ShareAttention = options.Share,
                Tokenizer = options.Tokenizer,
                EndTokens = options.EndTokens ?? checkpoint.Config.EosTokenIds,
            });
    }

    private EngineFixture(RandomCheckpoint random, FixtureOptions options)
        : this(random.Open(), options, random)
    {
    }

    public Checkpoint Checkpoint { get; }

    public InferenceEngine Engine { get; }

    /// <summary>Holds passes back; only with <see cref="FixtureOptions.Gated"/>.</summary>
    public GatedBackend Gate { get; } = null!;

    // Waits of a test: never for ever, and over when the test is.
    public Task<float[]> LogitsAsync(Sequence sequence) => Patiently(Engine.LogitsAsync(sequence, TestContext.Current.CancellationToken));

    public Task<float[]> RewardAsync(Sequence sequence, params int[] positions) =>
        Patiently(Engine.RewardAsync(sequence, positions, TestContext.Current.CancellationToken));

    public Task<GenerationResult> GenerateAsync(Sequence sequence, GenerationOptions options) =>
        Patiently(Engine.GenerateAsync(sequence, options, TestContext.Current.CancellationToken));

    /// <summary>Logits of a token list that nobody shares anything with.</summary>
    public async Task<float[]> LogitsAloneAsync(params int[] tokens)
    {
        Engine.ClearCache();
        using Sequence sequence = Engine.CreateSequence(tokens);
        return await LogitsAsync(sequence);
    }

    private static Task<T> Patiently<T>(Task<T> task) => task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        Gate?.Open();
        Engine.CheckIntegrity();
        Engine.ClearCache();
        int left = Engine.Pool.UsedCount;
        Engine.Dispose();
        _loop.Dispose();
        _transformer.Dispose();
        _backend.Dispose();
        Checkpoint.Dispose();
        _files?.Dispose();
        Assert.Equal(0, left);
    }
}
