using CudaSearch.Backends;
using CudaSearch.Cache;
using CudaSearch.Checkpoints;
using CudaSearch.Model;
using CudaSearch.Tests.Engine;
using CudaSearch.Tests.Model;

namespace CudaSearch.Cuda.Tests.Backends;

/// <summary>A generator and a judge with random weights on one backend.</summary>
internal sealed class TwoModels : IDisposable
{
    private const int Pages = 128;

    private readonly RandomCheckpoint[] _files;
    private readonly Checkpoint[] _checkpoints;

    /// <param name="overlapped">False makes every pass wait for its end before another model's begins.</param>
    /// <param name="precision">What both are kept in.</param>
    public TwoModels(bool overlapped = true, ModelPrecision precision = default)
    {
        _files = [new(CudaModels.All["llama"]), new(CudaModels.All["qwen2, biased"] with { Seed = 2 })];
        _checkpoints = [.. _files.Select(files => files.Open())];
        IBackend backend = CudaModels.OpenBackend();
        // The gate knows Run alone, so what is launched through it is done at once.
        Backend = overlapped ? backend : new GatedBackend(backend);
        Generator = Transformer.WithCache(Backend, _checkpoints[0], Pages, maxRows: 64, precision: precision);
        Judge = Transformer.WithCache(Backend, _checkpoints[1], Pages, maxRows: 64, reward: new RewardHead(3, 4), precision: precision);
    }

    public IBackend Backend { get; }

    public Transformer Generator { get; }

    public Transformer Judge { get; }

    /// <summary>A prompt and then decodes or scored steps of a few sequences: passes of one model, one behind the other.</summary>
    public PassSeries Series(Transformer model) => new(model, new PagePool(Pages));

    public void Dispose()
    {
        Generator.Dispose();
        Judge.Dispose();
        Backend.Dispose();
        foreach (Checkpoint checkpoint in _checkpoints) checkpoint.Dispose();
        foreach (RandomCheckpoint files in _files) files.Dispose();
    }
}

/// <summary>Passes over one model, each launched and finished when the test wants it, and what all of them gave.</summary>
internal sealed class PassSeries(Transformer model, PagePool pool)
{
    private readonly StepBatch _batch = new();
    private readonly List<PageTable> _tables = [];
    private int _passes;

    /// <summary>Tokens and the bits of rewards, in order.</summary>
    public List<int> Results { get; } = [];

    public bool IsDone => model.IsDone;

    /// <summary>The first pass prefills, the second forks (and copies a page), all later ones decode or score a little more.</summary>
    public void Launch()
    {
        _batch.Clear();
        if (_passes == 0) _tables.Add(new PageTable(pool));
        if (_passes == 1) for (int i = 0; i < 3; i++) _tables.Add(_tables[0].Fork());
        int count = _passes == 0 ? 40 : model.HasReward ? 5 : 1;
        for (int i = 0; i < _tables.Count; i++)
        {
            int first = _tables[i].Length;
            Assert.True(_tables[i].TryAppend(count, out PageCopy? copy));
            if (copy is { } needed) _batch.AddCopy(needed);
            int row = _batch.AddSequence([.. Enumerable.Range(0, count).Select(t => 3 + (7 * i + 11 * t + 5 * _passes) % 60)], first, _tables[i]) + count - 1;
            if (model.HasReward) _batch.AddReward(row);
            else _batch.AddSample(row, new SamplingParameters(0.9f, 1f, 0, 0f, 0.5f, Key: (ulong)(100 * _passes + i)));
        }
        _passes++;
        _batch.Complete(model.PlanLimits, share: true);
        model.Launch(_batch);
    }

    public void Finish()
    {
        model.Finish(_batch);
        Results.AddRange(_batch.SampledTokens);
        foreach (float reward in _batch.Rewards) Results.Add(BitConverter.SingleToInt32Bits(reward));
    }

    public void Run(int passes)
    {
        for (int i = 0; i < passes; i++)
        {
            Launch();
            Finish();
        }
    }
}
