namespace CudaSearch.Backends.Cpu;

/// <summary>
/// A softmax over the logits of two rows of a matrix, or the sigmoid of one. The other logits are never made.
/// </summary>
internal static unsafe class RewardOp<T>
    where T : struct, ILanes<T>
{
    public static void Run(CpuTensor hidden, CpuWeight head, RewardRows rows, StepBatch batch, RowSpan rewards)
    {
        for (int i = rewards.First; i < rewards.End; i++)
        {
            float* x = hidden.Row(batch.Rewarded[i]);
            if (rows.Rectify) Rectify(new Span<float>(x, head.Columns));
            (float positive, float negative) = head.IsBFloat16 ? Dots<BFloat16Weights>(x, head, rows) : Dots<Float32Weights>(x, head, rows);
            float difference = rows.Rounding == RewardRounding.None
                ? positive - negative + (rows.Bias - rows.NegativeBias)
                : rows.Rounding.Round(positive + rows.Bias) - rows.Rounding.Round(negative + rows.NegativeBias);
            batch.Rewards[i] = rows.Rounding.Round(1f / (1f + MathF.Exp(-difference)));
        }
    }

    private static void Rectify(Span<float> x)
    {
        for (int i = 0; i < x.Length; i++)
            if (x[i] < 0f) x[i] = 0f; // what is no number stays visible
    }

    private static (float Positive, float Negative) Dots<TWeights>(float* x, CpuWeight head, RewardRows rows)
        where TWeights : struct, IWeightFormat
    {
        long stride = (long)head.Columns * TWeights.Size;
        byte* plus = head.Data + rows.Positive * stride;
        byte* minus = head.Data + (rows.Negative ?? rows.Positive) * stride;
        float* logits = stackalloc float[16];
        DotTile<T, TWeights>.Compute(x, x, x, x, plus, minus, minus, minus, head.Columns, logits);
        return (logits[0], rows.Negative is null ? 0f : logits[1]);
    }
}
