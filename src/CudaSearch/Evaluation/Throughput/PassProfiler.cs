using CudaSearch.Backends;

namespace CudaSearch.Evaluation.Throughput;

/// <summary>Takes passes apart: each run several times, the median of every launch.</summary>
/// <param name="backend">Where the stage's model runs.</param>
/// <param name="stage">The model.</param>
public sealed class PassProfiler(IProfiledBackend backend, PassStage stage)
{
    private Ceilings? _before;

    /// <summary>Takes one kind of pass apart.</summary>
    /// <param name="kind">One of the stage's cases.</param>
    /// <param name="runs">Passes observed, and passes timed as a whole, after two of each that are not.</param>
    public PassProfile Run(PassCase kind, int runs)
    {
        using StagedPass staged = stage.Set(kind);
        StepBatch batch = staged.Batch;
        Ceilings? before = _before ?? backend.ProbeCeilings(stage.Model.Precision.Weights);
        PassRecording[] recordings = [.. Repeat(runs, () => backend.RunTimed(stage.Model, batch)).OrderBy(recording => recording.Seconds)];
        double whole = Median(Repeat(runs, () => backend.RunWhole(stage.Model, batch)));
        _before = backend.ProbeCeilings(stage.Model.Precision.Weights);
        PassRecording sample = recordings[runs / 2];
        return new PassProfile(
            kind, batch.RowCount, staged.Cost, Ceilings.Better(before, _before), sample.Seconds, whole, Summarise(MedianLaunches(recordings)), sample);
    }

    /// <summary>Each launch with the median of its times.</summary>
    internal static OperationTiming[] MedianLaunches(IReadOnlyList<PassRecording> recordings)
    {
        IReadOnlyList<OperationTiming> first = recordings[0].Operations;
        foreach (PassRecording recording in recordings)
        {
            if (!recording.Operations.Select(operation => (operation.Name, operation.Shape)).SequenceEqual(first.Select(operation => (operation.Name, operation.Shape))))
                throw new InvalidOperationException("two passes of one batch launched different kernels");
        }
        return [.. first.Select((operation, i) => operation with { Seconds = Median(recordings.Select(recording => recording.Operations[i].Seconds)) })];
    }

    /// <summary>Launches of the same kernel on the same shape together, longest first.</summary>
    internal static IReadOnlyList<KernelProfile> Summarise(IEnumerable<OperationTiming> launches) =>
    [
        .. launches.GroupBy(launch => (launch.Name, launch.Shape))
            .Select(group => new KernelProfile(
                group.Key.Name, group.Key.Shape, group.Count(), group.Sum(launch => launch.Seconds), group.Aggregate(default(OperationCost), (sum, launch) => sum + launch.Cost)))
            .OrderByDescending(kernel => kernel.Seconds),
    ];

    internal static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }

    internal static List<T> Repeat<T>(int runs, Func<T> run)
    {
        const int Warmups = 2;
        for (int i = 0; i < Warmups; i++) run();
        return [.. Enumerable.Range(0, runs).Select(_ => run())];
    }
}
