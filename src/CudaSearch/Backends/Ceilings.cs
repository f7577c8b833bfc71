namespace CudaSearch.Backends;

/// <summary>The most that a device does at once, as measured just now; what figures of a run are compared with.</summary>
/// <param name="BytesPerSecond">Reading memory once, in order.</param>
/// <param name="OperationsPerSecond">Multiply-adds out of the nearest memory, two operations each, of the kind that products use.</param>
/// <param name="Operations">That kind, in words.</param>
/// <param name="CopiedBytesPerSecond">Copying within the device's memory, bytes read and bytes written counted; null where that was not measured.</param>
public readonly record struct Ceilings(double BytesPerSecond, double OperationsPerSecond, string Operations, double? CopiedBytesPerSecond = null)
{
    /// <summary>The better of two measurements in each: a shared machine only ever takes away.</summary>
    public static Ceilings? Better(Ceilings? a, Ceilings? b) => a is { } x && b is { } y
        ? x with
        {
            BytesPerSecond = Math.Max(x.BytesPerSecond, y.BytesPerSecond),
            OperationsPerSecond = Math.Max(x.OperationsPerSecond, y.OperationsPerSecond),
            CopiedBytesPerSecond = x.CopiedBytesPerSecond is { } c && y.CopiedBytesPerSecond is { } d ? Math.Max(c, d) : null,
        }
        : null;
}
