namespace CudaSearch.Engine;

/// <summary>What the sequences of one scope (one problem, in a search) cost in one engine. Written by the engine; read it when the work is done.</summary>
public sealed class Usage
{
    /// <summary>Tokens drawn.</summary>
    public long GeneratedTokens { get; internal set; }

    /// <summary>Tokens computed that were given, not drawn: prompts and scored text, each shared prefix once.</summary>
    public long PrefillTokens { get; internal set; }

    /// <summary>
    /// Keys that the computed tokens attended to, in each layer: a token at position p looks at p + 1 of them. What attention costs, beside the products that
    /// every token costs alike.
    /// </summary>
    public long AttendedKeys { get; internal set; }

    /// <summary>
    /// Tokens that went through the model. Beams that are still equal to the letter compute theirs once, so this can be far below the tokens drawn.
    /// </summary>
    public long ComputedTokens { get; internal set; }

    /// <summary>Most distinct pages that the scope's sequences held at once.</summary>
    public int PagesPeak { get; internal set; }

    /// <summary>Most pages they would have held at once if none were shared.</summary>
    public int PagesPeakWithoutSharing { get; internal set; }

    /// <summary>Passes in which the scope had work.</summary>
    public long Passes { get; internal set; }

    /// <summary>The scope's sequences that are alive.</summary>
    internal List<Sequence> Live { get; } = [];

    /// <summary>The last pass the scope had work in.</summary>
    internal long LastPass { get; set; }
}
