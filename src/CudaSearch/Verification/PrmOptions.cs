namespace CudaSearch.Verification;

/// <summary>What a process reward model's checkpoint does not say about it.</summary>
public sealed record PrmOptions
{
    /// <summary>Its format; null recognises it from the checkpoint.</summary>
    public PrmFormat? Format { get; init; }

    /// <summary>
    /// What ends a step for a TRL classifier: the <c>step_separator</c> it was trained with. search-and-learn's recipes train with a blank
    /// line, TRL's own default is a single newline.
    /// </summary>
    public string StepSeparator { get; init; } = "\n\n";
}
