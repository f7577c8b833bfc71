namespace CudaSearch.Backends;

/// <summary>The most that a device does at once, as measured just now; what figures of a run are compared with.</summary>
/// <param name="BytesPerSecond">Reading memory once, in order.</param>
/// <param name="OperationsPerSecond">Multiply-adds out of registers, two operations each, of the kind that products use.</param>
/// <param name="Operations">That kind, in words.</param>
public readonly record struct Ceilings(double BytesPerSecond, double OperationsPerSecond, string Operations);
