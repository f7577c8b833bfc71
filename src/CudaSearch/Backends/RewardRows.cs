namespace CudaSearch.Backends;

/// <summary>
/// How a reward is read off a matrix: sigmoid((positive - negative) · x + bias), which is the softmax over two rows. A value head has one
/// row and a sigmoid of its own: its other row is zero.
/// </summary>
/// <param name="Positive">Row whose probability is the reward.</param>
/// <param name="Negative">The other row; null for zeros.</param>
/// <param name="Bias">The positive row's bias less the negative one's.</param>
/// <param name="Rectify">Whether x is max(0, hidden), not hidden itself.</param>
public readonly record struct RewardRows(int Positive, int? Negative, float Bias = 0f, bool Rectify = false);
