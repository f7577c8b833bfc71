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

    /// <summary>
    /// Rounds logits and scores as search-and-learn's runs do: to bfloat16 for RLHFlow and Qwen, to half precision for Math-Shepherd, not at all for Skywork,
    /// whose value head stays in float32. Scores then tie often; otherwise they are float32.
    /// </summary>
    public bool OriginalRounding { get; init; }
}
