namespace CudaSearch.Model;

/// <summary>A process reward model's judgement in the vocabulary of a language model: P(positive) = softmax over two logits.</summary>
/// <param name="Positive">Token id that means "good", e.g. <c>+</c>.</param>
/// <param name="Negative">Token id that means "bad", e.g. <c>-</c>.</param>
public readonly record struct RewardHead(int Positive, int Negative);
