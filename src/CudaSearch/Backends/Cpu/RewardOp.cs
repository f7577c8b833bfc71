namespace CudaSearch.Backends.Cpu;

/// <summary>
/// sigmoid((positive - negative) · x + bias): a softmax over two rows of a matrix, or the sigmoid of one. The other logits are never made.
/// </summary>
internal static unsafe class RewardOp<T>
    where T : struct, ILanes<T>
{
    public static void Run(CpuTensor hidden, CpuWeight head, RewardRows rows, StepBatch batch)
    {
        for (int i = 0; i < batch.Rewarded.Length; i++)
        {
            float* x = hidden.Row(batch.Rewarded[i]);
            if (rows.Rectify) Rectify(new Span<float>(x, head.Columns));
            float logit = head.IsBFloat16 ? Logit<BFloat16Weights>(x, head, rows) : Logit<Float32Weights>(x, head, rows);
            batch.Rewards[i] = 1f / (1f + MathF.Exp(-(logit + rows.Bias)));
        }
    }

    private static void Rectify(Span<float> x)
    {
        for (int i = 0; i < x.Length; i++)
            if (x[i] < 0f) x[i] = 0f; // what is no number stays visible
    }

    private static float Logit<TWeights>(float* x, CpuWeight head, RewardRows rows)
        where TWeights : struct, IWeightFormat
    {
        long stride = (long)head.Columns * TWeights.Size;
        byte* plus = head.Data + rows.Positive * stride;
        byte* minus = head.Data + (rows.Negative ?? rows.Positive) * stride;
        float* logits = stackalloc float[16];
        DotTile<T, TWeights>.Compute(x, x, x, x, plus, minus, minus, minus, head.Columns, logits);
        return rows.Negative is null ? logits[0] : logits[0] - logits[1];
    }
}
