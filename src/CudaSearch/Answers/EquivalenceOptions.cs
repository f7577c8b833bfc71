namespace CudaSearch.Answers;

/// <summary>What counts as the same answer.</summary>
public sealed record EquivalenceOptions
{
    /// <summary>The defaults: full precision, and names that matter.</summary>
    public static EquivalenceOptions Default { get; } = new();

    /// <summary>Digits after the point to which numbers need to agree; null (the default) for full precision.</summary>
    public int? Decimals { get; init; }

    /// <summary>Whether different variables are as good as one another: <c>f(y)</c> for <c>f(x)</c>.</summary>
    public bool RenamesVariables { get; init; }
}
