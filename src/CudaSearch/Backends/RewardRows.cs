namespace CudaSearch.Backends;

/// <summary>
/// How a reward is read off a matrix: the softmax over two rows' logits, row · x + bias, which is the sigmoid of their difference. A value head has one
/// row and a sigmoid of its own: its other logit is zero.
/// </summary>
/// <param name="Positive">Row whose probability is the reward.</param>
/// <param name="Negative">The other row; null for zeros.</param>
/// <param name="Bias">The positive row's bias.</param>
/// <param name="Rectify">Whether x is max(0, hidden), not hidden itself.</param>
/// <param name="NegativeBias">The negative row's bias.</param>
/// <param name="Rounding">What both logits, and then the reward, are rounded to.</param>
public readonly record struct RewardRows(
    int Positive, int? Negative, float Bias = 0f, bool Rectify = false, float NegativeBias = 0f, RewardRounding Rounding = RewardRounding.None);
