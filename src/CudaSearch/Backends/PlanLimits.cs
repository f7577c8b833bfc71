namespace CudaSearch.Backends;

/// <summary>
/// What a backend wants of attention plans: which spans of a batch it wants in them (the others it computes span by span, as prefill), and how to weigh what
/// they cost. Results never depend on it.
/// </summary>
/// <param name="MaxSpanRows">A span with more rows is left out.</param>
/// <param name="MaxPartials">Partial states the plan may have; where they would be more, spans are left out.</param>
/// <param name="StateKeys">Keys whose reading costs as much as one more partial state of a row; 0 where states cost nothing.</param>
/// <param name="MinItems">Items that keep the device busy; 0 where the work is divided otherwise.</param>
public readonly record struct PlanLimits(int MaxSpanRows, long MaxPartials, int StateKeys, int MinItems)
{
    /// <summary>Everything is planned, and only what is read counts.</summary>
    public static PlanLimits None => new(int.MaxValue, long.MaxValue, StateKeys: 0, MinItems: 0);
}
