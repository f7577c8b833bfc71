using CudaSearch.Backends;

namespace CudaSearch.Evaluation.Throughput;

/// <summary>All launches of a kernel on the same shape in a pass.</summary>
/// <param name="Name">The kernel, or the operation on the processor.</param>
/// <param name="Shape">What it works on.</param>
/// <param name="Launches">How many.</param>
/// <param name="Seconds">The medians of the launches, added up.</param>
/// <param name="Cost">Of all of them.</param>
public sealed record KernelProfile(string Name, string Shape, int Launches, double Seconds, OperationCost Cost);

/// <summary>Where the time of a pass goes.</summary>
/// <param name="Case">What was taken apart.</param>
/// <param name="Tokens">Tokens a pass computes.</param>
/// <param name="Cost">What the pass must read and compute.</param>
/// <param name="Ceilings">The better of two measurements, just before and just after; null where the device has none.</param>
/// <param name="ObservedSeconds">The median pass with every launch observed, from begin to end.</param>
/// <param name="WholeSeconds">The median pass as it runs normally: on a GPU the replayed graph.</param>
/// <param name="Kernels">By time, longest first.</param>
/// <param name="Sample">The median of the observed passes, launch by launch.</param>
public sealed record PassProfile(
    PassCase Case, int Tokens, PassCost Cost, Ceilings? Ceilings, double ObservedSeconds, double WholeSeconds, IReadOnlyList<KernelProfile> Kernels, PassRecording Sample)
{
    /// <summary>What the kernels take, without what lies between them.</summary>
    public double KernelSeconds => Kernels.Sum(kernel => kernel.Seconds);

    /// <summary>What lies between the kernels of an observed pass, the marks of the observer among it.</summary>
    public double ObservedGapSeconds => ObservedSeconds - KernelSeconds;

    /// <summary>What lies between the kernels as the pass runs; less than nothing where kernels overlap, or ran faster unobserved.</summary>
    public double WholeGapSeconds => WholeSeconds - KernelSeconds;

    /// <summary>The least that the kernels can take, each by itself: activations between them are read and written.</summary>
    public double? KernelFloorSeconds => Ceilings is { } ceilings ? Sample.Operations.Sum(operation => operation.Cost.FloorSeconds(ceilings)) : null;

    /// <summary>The least that the pass can take, however it is cut into kernels.</summary>
    public double? FloorSeconds => Ceilings is { } ceilings ? Cost.FloorSeconds(ceilings) : null;
}
