namespace CudaSearch.Backends;

/// <summary>One launch of a pass, or on the processor one operation.</summary>
/// <param name="Name">The kernel's or operation's name.</param>
/// <param name="Shape">What it worked on, in a few signs, e.g. <c>8192 x 2048</c> for a weight.</param>
/// <param name="Start">Seconds from the pass's begin.</param>
/// <param name="Seconds">How long it took.</param>
/// <param name="Cost">What it cannot do without.</param>
public readonly record struct OperationTiming(string Name, string Shape, double Start, double Seconds, OperationCost Cost);

/// <summary>A pass taken apart.</summary>
/// <param name="Seconds">From begin to end, observation included.</param>
/// <param name="Operations">What ran, in order.</param>
public sealed record PassRecording(double Seconds, IReadOnlyList<OperationTiming> Operations);
