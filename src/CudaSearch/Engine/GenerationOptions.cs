namespace CudaSearch.Engine;

/// <summary>How one generation samples and when it stops.</summary>
public sealed record GenerationOptions
{
    /// <summary>Softmax temperature; 0 is greedy (the first of equal maxima wins).</summary>
    public float Temperature { get; init; } = 0.8f;

    /// <summary>Nucleus: the smallest set of most probable tokens whose mass reaches this; 1 keeps all.</summary>
    public float TopP { get; init; } = 1f;

    /// <summary>Keep only this many most probable tokens; 0 keeps all.</summary>
    public int TopK { get; init; }

    /// <summary>Drop tokens less probable than this fraction of the most probable one; 0 keeps all.</summary>
    public float MinP { get; init; }

    /// <summary>The most tokens this call generates.</summary>
    public int MaxTokens { get; init; } = 2048;

    /// <summary>Text at whose first occurrence the output is cut, right after it; null runs to the end of the sequence.</summary>
    public string? StopText { get; init; }

    /// <summary>Whether <see cref="GenerationResult.LogProbability"/> is wanted. It costs another look at the logits and changes no draw.</summary>
    public bool WithLogProbability { get; init; }

    /// <summary>Throws <see cref="CudaSearchException"/> naming the first value that is out of range.</summary>
    public void Validate()
    {
        Check(float.IsFinite(Temperature) && Temperature >= 0, "temperature", Temperature, "a finite number, 0 or greater");
        Check(TopP is > 0 and <= 1, "top-p", TopP, "in (0, 1]");
        Check(TopK >= 0, "top-k", TopK, "0 (all) or greater");
        Check(MinP is >= 0 and <= 1, "min-p", MinP, "in [0, 1]");
        Check(MaxTokens >= 1, "max-tokens", MaxTokens, "1 or greater");
        Check(StopText is not "", "stop text", "\"\"", "non-empty, or absent");
    }

    private static void Check(bool valid, string name, object value, string expected)
    {
        if (!valid) throw CudaSearchException.BadInput($"{name} is {value}; it must be {expected}");
    }
}

/// <summary>Why a generation stopped.</summary>
public enum StopReason
{
    /// <summary>The tokenizer's end-of-sequence token.</summary>
    EndOfSequence,

    /// <summary>The stop text; it is the end of the returned text.</summary>
    StopText,

    /// <summary>The token limit, or the end of the model's context.</summary>
    Length,

    /// <summary>Another end token of the generation config (Llama-3's end_of_text or eom), which search-and-learn does not take for the end.</summary>
    OtherEnd,
}
