namespace CudaSearch.Evaluation.Throughput;

/// <summary>One kind of pass to measure.</summary>
/// <param name="Sequences">Sequences that decode a token each; 0 measures the prefill of one prompt.</param>
/// <param name="Prefix">Tokens that all sequences share, or the prompt's length.</param>
/// <param name="Own">Tokens of its own that each sequence has already.</param>
/// <param name="Share">Whether attention reads shared pages once.</param>
public readonly record struct PassCase(int Sequences, int Prefix, int Own, bool Share);
