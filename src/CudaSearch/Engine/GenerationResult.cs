namespace CudaSearch.Engine;

/// <summary>What one generation produced.</summary>
/// <param name="Text">The new text without special tokens, cut right after the stop text.</param>
/// <param name="Reason">Why it stopped.</param>
/// <param name="GeneratedTokens">Tokens drawn, an end token included.</param>
/// <param name="LogProbability">
/// With <see cref="GenerationOptions.WithLogProbability"/>, the sum over the tokens drawn of ln softmax(logits)[token]: the raw logits of the model, at
/// temperature 1 and untruncated, however the tokens were drawn. Otherwise 0.
/// </param>
public readonly record struct GenerationResult(string Text, StopReason Reason, int GeneratedTokens, double LogProbability = 0);
