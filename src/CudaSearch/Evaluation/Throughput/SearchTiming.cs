using CudaSearch.Backends;

namespace CudaSearch.Evaluation.Throughput;

/// <summary>What the host did around a pass of the generator, the median of all. Seconds.</summary>
/// <param name="Commit">Taking the results of the pass before.</param>
/// <param name="Plan">Choosing requests, keeping the books of pages, planning attention.</param>
/// <param name="Launch">Writing the pass down for the device and queuing it; null where the host computes it.</param>
/// <param name="Deliver">Telling those whose requests are done, while the device is at the pass.</param>
public readonly record struct HostTimes(double Commit, double Plan, double? Launch, double Deliver)
{
    /// <summary>What the device waits for.</summary>
    public double Critical => Commit + Plan + (Launch ?? 0);
}

/// <summary>How long a whole search took, and what became of the time.</summary>
public sealed record SearchTiming
{
    /// <summary>Whether attention read shared pages once.</summary>
    public required bool Share { get; init; }

    /// <summary>From the problem to the answers.</summary>
    public required double Seconds { get; init; }

    /// <summary>Passes of the generator.</summary>
    public required int GeneratorPasses { get; init; }

    /// <summary>Passes of the judge.</summary>
    public required int JudgePasses { get; init; }

    /// <summary>Tokens that the generator computed.</summary>
    public required long GeneratorRows { get; init; }

    /// <summary>Tokens that the judge computed.</summary>
    public required long JudgeRows { get; init; }

    /// <summary>What the passes must read and compute, those of both models one after the other.</summary>
    public required IReadOnlyList<PassCost> Costs { get; init; }

    /// <summary>The device's; null where it has none.</summary>
    public required Ceilings? Ceilings { get; init; }

    /// <summary>The part of the search in which the device was at no pass.</summary>
    public required double IdleShare { get; init; }

    /// <summary>The part of the time from pass to pass of a decoding generator in which the device was at none; null where the host computes.</summary>
    public required double? DecodeIdleShare { get; init; }

    /// <summary>What the host did around a pass.</summary>
    public required HostTimes Host { get; init; }

    /// <summary>The least time that these passes can take one after the other; null without ceilings.</summary>
    public double? FloorSeconds => Ceilings is { } ceilings ? Costs.Sum(cost => cost.FloorSeconds(ceilings)) : null;
}
