namespace CudaSearch.Engine;

/// <summary>What one generation produced.</summary>
/// <param name="Text">The new text without special tokens, cut right after the stop text.</param>
/// <param name="Reason">Why it stopped.</param>
/// <param name="GeneratedTokens">Tokens drawn, an end token included.</param>
public readonly record struct GenerationResult(string Text, StopReason Reason, int GeneratedTokens);
