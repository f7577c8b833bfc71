using System.Diagnostics;
using CudaSearch.Backends;
using CudaSearch.Checkpoints;

namespace CudaSearch.Evaluation.Throughput;

/// <summary>How long passes of one kind took.</summary>
/// <param name="Case">What was measured.</param>
/// <param name="Tokens">Tokens a pass computes.</param>
/// <param name="MedianSeconds">Of a pass.</param>
/// <param name="BestSeconds">The fastest.</param>
/// <param name="Cost">What the pass must read and compute.</param>
/// <param name="Ceilings">The better of two measurements, just before and just after; null where the device has none.</param>
public sealed record PassTiming(PassCase Case, int Tokens, double MedianSeconds, double BestSeconds, PassCost Cost, Ceilings? Ceilings)
{
    /// <summary>Tokens a second.</summary>
    public double TokensPerSecond => Tokens / MedianSeconds;

    /// <summary>Bytes a second.</summary>
    public double BytesPerSecond => Cost.Bytes / MedianSeconds;

    /// <summary>Operations a second, two a multiply-add.</summary>
    public double OperationsPerSecond => Cost.Flops / MedianSeconds;
}

/// <summary>Times whole passes of a model: sampled decode steps of many sequences over a shared prefix, or a prefill.</summary>
public sealed class PassBench : IDisposable
{
    private readonly IBackend _backend;
    private readonly PassStage _stage;
    private Ceilings? _before;

    /// <summary>Loads the model and makes a cache for the largest of the cases.</summary>
    /// <param name="backend">Where to run.</param>
    /// <param name="checkpoint">The model.</param>
    /// <param name="precision">What it is kept in.</param>
    /// <param name="cases">All passes that will be run.</param>
    public PassBench(IBackend backend, Checkpoint checkpoint, ModelPrecision precision, IReadOnlyCollection<PassCase> cases)
    {
        _backend = backend;
        _stage = new PassStage(backend, checkpoint, precision, cases);
    }

    /// <summary>Runs passes of one kind, over keys and values that the model computed.</summary>
    /// <param name="kind">The kind.</param>
    /// <param name="passes">Passes to time, after two that are not.</param>
    public PassTiming Run(PassCase kind, int passes)
    {
        using StagedPass staged = _stage.Set(kind);
        double[] seconds = new double[passes];
        Ceilings? before = _before ?? _backend.ProbeCeilings(_stage.Model.Precision.Weights);
        for (int pass = -2; pass < passes; pass++)
        {
            long start = Stopwatch.GetTimestamp();
            _stage.Model.Forward(staged.Batch);
            if (pass >= 0) seconds[pass] = Stopwatch.GetElapsedTime(start).TotalSeconds;
        }
        Array.Sort(seconds);
        _before = _backend.ProbeCeilings(_stage.Model.Precision.Weights);
        return new PassTiming(kind, staged.Batch.RowCount, seconds[passes / 2], seconds[0], staged.Cost, Ceilings.Better(before, _before));
    }

    /// <inheritdoc/>
    public void Dispose() => _stage.Dispose();
}
