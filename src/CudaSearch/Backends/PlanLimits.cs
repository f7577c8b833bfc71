namespace CudaSearch.Backends;

/// <summary>
/// Which spans of a batch a backend wants in the attention plan; the others it computes span by span (prefill), with the same arithmetic.
/// </summary>
/// <param name="MaxSpanRows">A span with more rows is left out.</param>
/// <param name="MaxPartials">Partial states the plan may have; a span that would exceed them is left out.</param>
public readonly record struct PlanLimits(int MaxSpanRows, long MaxPartials)
{
    /// <summary>Everything is planned.</summary>
    public static PlanLimits None => new(int.MaxValue, long.MaxValue);
}
