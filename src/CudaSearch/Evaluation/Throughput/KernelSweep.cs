using CudaSearch.Backends;
using CudaSearch.Checkpoints;

namespace CudaSearch.Evaluation.Throughput;

/// <summary>One kernel at one size.</summary>
/// <param name="Sizes">Of what.</param>
/// <param name="Share">Whether sequences shared what it read, where they can.</param>
/// <param name="Names">The kernels that ran.</param>
/// <param name="Seconds">The median of their launches.</param>
/// <param name="Cost">What they cannot do without.</param>
/// <param name="PeerSeconds">The median of somebody else's product; null where there is none.</param>
/// <param name="Ceilings">The better of two measurements, just before and just after; null where the device has none.</param>
public sealed record SweepPoint(
    IReadOnlyDictionary<string, int> Sizes, bool Share, string Names, double Seconds, OperationCost Cost, double? PeerSeconds, Ceilings? Ceilings);

/// <summary>Runs one kernel over sizes, on random numbers and with empty caches.</summary>
public sealed class KernelSweep : IDisposable
{
    private readonly IProfiledBackend _backend;
    private readonly SweepKernel _kernel;
    private readonly ModelPrecision _precision;
    private readonly int _runs;
    private readonly IProductPeer? _peer;
    private Ceilings? _before;

    /// <param name="backend">Where to run.</param>
    /// <param name="kernel">What.</param>
    /// <param name="precision">What weights, keys and values are kept in.</param>
    /// <param name="runs">Runs of a size, after two that do not count.</param>
    /// <exception cref="CudaSearchException">The kernel has nothing to keep in this precision.</exception>
    public KernelSweep(IProfiledBackend backend, SweepKernel kernel, ModelPrecision precision, int runs)
    {
        (_backend, _kernel, _precision, _runs) = (backend, kernel, precision, runs);
        if (precision.Weights == WeightPrecision.Fp8 && kernel.Name is not ("linear" or "gated_linear" or "attend"))
            throw CudaSearchException.BadInput($"{kernel.Name} multiplies no weights in fp8; leave --weights out, or take linear or gated_linear");
        if (!kernel.HasPeer) return;
        _peer = backend.OpenProductPeer(out string? fault);
        PeerFault = fault;
    }

    /// <summary>Whose product is timed beside; null for nobody's.</summary>
    public string? Peer => _peer?.Name;

    /// <summary>Why there is nobody; null where there is, or where no product could do the same.</summary>
    public string? PeerFault { get; }

    /// <summary>Runs one size.</summary>
    /// <param name="sizes">All that <see cref="SweepKernel.Sizes"/> names, without a <see cref="SweepKernel.Fault"/>.</param>
    /// <param name="share">Whether sequences share what is read.</param>
    public SweepPoint Run(IReadOnlyDictionary<string, int> sizes, bool share)
    {
        Ceilings? before = _before ?? _backend.ProbeCeilings(_precision.Weights);
        var (recordings, peerSeconds) = _kernel.Name == "attend" ? (RunAttention(sizes, share), null) : RunRows(sizes);
        _before = _backend.ProbeCeilings(_precision.Weights);
        OperationTiming[] launches =
            [.. PassProfiler.MedianLaunches(recordings).Where(launch => launch.Name.Contains(_kernel.Name, StringComparison.Ordinal))];
        return new SweepPoint(
            sizes, share, string.Join(", ", launches.Select(launch => launch.Name).Distinct()), launches.Sum(launch => launch.Seconds),
            launches.Aggregate(default(OperationCost), (sum, launch) => sum + launch.Cost), peerSeconds, Ceilings.Better(before, _before));
    }

    /// <inheritdoc/>
    public void Dispose() => _peer?.Dispose();

    private (List<PassRecording>, double? PeerSeconds) RunRows(IReadOnlyDictionary<string, int> sizes)
    {
        int? k = sizes.TryGetValue("k", out int columns) ? columns : null;
        using var pass = new RowKernelPass(_backend, _kernel.Name, sizes["m"], sizes["n"], k, _precision.Weights, _peer is not null);
        List<PassRecording> recordings = Record(pass, pass.Batch);
        return (recordings, _peer is null ? null : PassProfiler.Median(PassProfiler.Repeat(_runs, () => pass.TimePeer(_peer))));
    }

    /// <summary>A decode pass of a model with one layer that is little else than attention.</summary>
    private List<PassRecording> RunAttention(IReadOnlyDictionary<string, int> sizes, bool share)
    {
        var kind = new PassCase(sizes["batch"], sizes["prefix"], sizes["own"], share);
        ModelConfig config = ModelShapes.All["tinymath"] with
        {
            NumHiddenLayers = 1,
            NumAttentionHeads = sizes["heads"],
            NumKeyValueHeads = sizes["kv_heads"],
            HeadDim = sizes["head_dim"],
            MaxPositionEmbeddings = kind.Prefix + kind.Own + 1,
        };
        using Checkpoint checkpoint = Checkpoint.OfRandomWeights(config, "one layer", apart: _backend.Name == "cpu");
        using var stage = new PassStage(_backend, checkpoint, _precision, [kind]);
        using StagedPass staged = stage.Set(kind);
        return Record(stage.Model, staged.Batch);
    }

    private List<PassRecording> Record(IPass pass, StepBatch batch) => PassProfiler.Repeat(_runs, () =>
    {
        _backend.EmptyCaches();
        return _backend.RunTimed(pass, batch);
    });
}
