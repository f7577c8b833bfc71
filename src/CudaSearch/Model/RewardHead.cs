using CudaSearch.Backends;

namespace CudaSearch.Model;

/// <summary>
/// How a reward model judges a position: P(positive) = softmax over two rows of a matrix, or the sigmoid of one row. The matrix is the
/// language model's output matrix, where the rows belong to tokens, or one of the reward model's own.
/// </summary>
/// <param name="Positive">The row that means "good": a token id, e.g. that of <c>+</c>, or a class.</param>
/// <param name="Negative">The row that means "bad"; null where one row alone is a logit.</param>
public sealed record RewardHead(int Positive, int? Negative)
{
    /// <summary>
    /// Name of the linear module of the head, e.g. <c>score</c>; null for the output matrix. Its <c>.weight</c> is [classes, width]; a
    /// <c>.bias</c> [classes] is used where there is one.
    /// </summary>
    public string? Module { get; init; }

    /// <summary>
    /// Name of a linear module before it, whose output is rectified, e.g. <c>score.0</c>; null for none. Its <c>.weight</c> is [width,
    /// hidden]; its <c>.bias</c> [width] is used where there is one.
    /// </summary>
    public string? HiddenModule { get; init; }

    /// <summary>What its logits and rewards are rounded to.</summary>
    public RewardRounding Rounding { get; init; }
}
