using System.Diagnostics;
using CudaSearch.Backends;
using CudaSearch.Cache;
using CudaSearch.Checkpoints;
using CudaSearch.Engine;
using CudaSearch.Model;
using CudaSearch.Search;
using CudaSearch.Verification;

namespace CudaSearch.Evaluation.Throughput;

/// <summary>
/// Times whole beam searches by two models of random weights: the product's own search, engines and judging, with steps of a fixed length in the place of
/// text. Tokens are not decoded.
/// </summary>
public sealed class SearchBench : IDisposable
{
    private readonly IProfiledBackend _backend;
    private readonly SearchShape _shape;
    private readonly bool _share;
    private readonly DeviceLoop _loop = new();
    private readonly Player _generator, _judge;

    /// <summary>Loads both models and makes their caches.</summary>
    /// <param name="backend">Where to run.</param>
    /// <param name="generator">Writes.</param>
    /// <param name="judge">Judges.</param>
    /// <param name="precision">What the generator is kept in.</param>
    /// <param name="judgePrecision">What the judge is kept in.</param>
    /// <param name="shape">The search.</param>
    /// <param name="share">Whether attention reads shared pages once.</param>
    public SearchBench(
        IProfiledBackend backend, Checkpoint generator, Checkpoint judge, ModelPrecision precision, ModelPrecision judgePrecision, SearchShape shape, bool share)
    {
        _backend = backend;
        _shape = shape;
        _share = share;
        backend.TimePasses();
        _generator = new Player(backend, _loop, generator, precision, share, shape.Prompt, shape.N, shape.Steps * shape.StepTokens, head: null);
        try
        {
            _judge = new Player(backend, _loop, judge, judgePrecision, share, shape.JudgePrompt, shape.N, shape.Steps * shape.JudgedTokens, ShapeLayout.TwoTokens);
        }
        catch
        {
            _generator.Dispose();
            _loop.Dispose();
            throw;
        }
    }

    /// <summary>The search of median time among so many, after one that is not counted: it records what the others replay.</summary>
    /// <param name="searches">How many.</param>
    /// <param name="cancellation">Ends the search.</param>
    public async Task<SearchTiming> MedianAsync(int searches, CancellationToken cancellation = default)
    {
        await RunAsync(seed: 0, ceilings: null, cancellation).ConfigureAwait(false);
        Ceilings? before = _backend.ProbeCeilings(_generator.Model.Precision.Weights);
        var timings = new List<SearchTiming>();
        for (int i = 1; i <= searches; i++) timings.Add(await RunAsync((ulong)i, before, cancellation).ConfigureAwait(false));
        Ceilings? ceilings = Ceilings.Better(before, _backend.ProbeCeilings(_generator.Model.Precision.Weights));
        return timings.OrderBy(timing => timing.Seconds).ElementAt(searches / 2) with { Ceilings = ceilings };
    }

    /// <summary>Searches once.</summary>
    /// <param name="seed">Of all draws.</param>
    /// <param name="ceilings">The device's, measured beside it; null where it has none.</param>
    /// <param name="cancellation">Ends the search.</param>
    public async Task<SearchTiming> RunAsync(ulong seed, Ceilings? ceilings, CancellationToken cancellation = default)
    {
        _generator.Begin();
        _judge.Begin();
        var writer = new ShapeGenerator(_generator.Engine, _shape, _generator.Model.Config.VocabSize, seed, new Usage());
        var verifier = new PrmVerifier(_judge.Engine, new ShapeLayout(_shape, _judge.Model.Config.VocabSize), new Usage());
        var options = new SearchOptions { N = _shape.N, BeamWidth = _shape.BeamWidth, Iterations = _shape.Steps };
        var context = new SearchContext("the problem", writer, verifier, options, new SearchTree(), seed);
        long start = Stopwatch.GetTimestamp();
        await new BeamSearch().SearchAsync(context, cancellation).ConfigureAwait(false);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return Summarise(seconds, ceilings);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _generator.Engine.Dispose();
        _judge.Engine.Dispose();
        _loop.Dispose();
        _generator.Dispose();
        _judge.Dispose();
    }

    private SearchTiming Summarise(double seconds, Ceilings? ceilings)
    {
        IReadOnlyList<PassSample> written = _generator.Meter.Samples, judged = _judge.Meter.Samples;
        var busy = new BusyTime(written.Concat(judged));
        bool queues = _backend.LastInterval(_generator.Model) is not null;
        return new SearchTiming
        {
            Share = _share,
            Seconds = seconds,
            GeneratorPasses = written.Count,
            JudgePasses = judged.Count,
            GeneratorRows = written.Sum(sample => (long)sample.Rows),
            JudgeRows = judged.Sum(sample => (long)sample.Rows),
            Costs = [.. written.Select(_generator.CostOf), .. judged.Select(_judge.CostOf)],
            Ceilings = ceilings,
            IdleShare = busy.IdleShare,
            DecodeIdleShare = queues ? busy.IdleShareBetween(written) : null,
            Host = new HostTimes(
                Median(sample => sample.Commit), Median(sample => sample.Plan), queues ? Median(sample => sample.Launch) : null, Median(sample => sample.Deliver)),
        };

        double Median(Func<PassSample, double> part) => written.Select(part).Order().ElementAt(written.Count / 2);
    }

    /// <summary>A model with its engine and meter.</summary>
    private sealed class Player : IDisposable
    {
        // As many rows as a pass of LanguageModel has, and pages for beams whose forks are not gone yet.
        private const int Rows = 1024;
        private const int ForkedTwice = 2;

        private readonly double _weightSize, _headSize;

        public Player(
            IProfiledBackend backend, DeviceLoop loop, Checkpoint checkpoint, ModelPrecision precision, bool share, int prompt, int beams, int own, RewardHead? head)
        {
            if (prompt + own > checkpoint.Config.MaxPositionEmbeddings)
                throw CudaSearchException.BadInput(
                    $"{prompt} tokens and {own} behind them are more than the {checkpoint.Config.MaxPositionEmbeddings} that the shape's context holds; take fewer or shorter steps");
            (_weightSize, _headSize) = PassStage.WeightSizes(checkpoint, precision.Weights);
            int pages = PagePool.PagesFor(prompt) + ForkedTwice * beams * (PagePool.PagesFor(own) + 1);
            Model = Transformer.WithCache(backend, checkpoint, pages, Math.Max(Rows, beams), beams, head, precision);
            Meter = new PassMeter(backend, Model);
            Engine = new InferenceEngine(loop, Model, new EngineOptions { ShareAttention = share }) { Meter = Meter };
        }

        public Transformer Model { get; }

        public InferenceEngine Engine { get; }

        public PassMeter Meter { get; }

        public PassCost CostOf(PassSample sample) => PassCost.Of(
            Model.Config, sample.Rows, sample.OutputRows, sample.PageVisits, sample.Keys, _weightSize, _headSize, Model.PageBytes);

        /// <summary>Forgets the search before.</summary>
        public void Begin()
        {
            Engine.ClearCache();
            Meter.Clear();
        }

        public void Dispose()
        {
            Engine.Dispose();
            Model.Dispose();
        }
    }
}
