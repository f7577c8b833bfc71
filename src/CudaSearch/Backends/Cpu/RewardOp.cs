namespace CudaSearch.Backends.Cpu;

/// <summary>P(positive) = softmax over two rows of the output matrix; the other 128,254 logits are never made.</summary>
internal static unsafe class RewardOp<T>
    where T : struct, ILanes<T>
{
    public static void Run(CpuTensor hidden, CpuWeight head, int positive, int negative, StepBatch batch)
    {
        for (int i = 0; i < batch.Rewarded.Length; i++)
        {
            float* x = hidden.Row(batch.Rewarded[i]);
            float difference = head.IsBFloat16 ? Difference<BFloat16Weights>(x, head, positive, negative) : Difference<Float32Weights>(x, head, positive, negative);
            batch.Rewards[i] = 1f / (1f + MathF.Exp(-difference));
        }
    }

    private static float Difference<TWeights>(float* x, CpuWeight head, int positive, int negative)
        where TWeights : struct, IWeightFormat
    {
        long stride = (long)head.Columns * TWeights.Size;
        byte* plus = head.Data + positive * stride;
        byte* minus = head.Data + negative * stride;
        float* logits = stackalloc float[16];
        DotTile<T, TWeights>.Compute(x, x, x, x, plus, minus, minus, minus, head.Columns, logits);
        return logits[0] - logits[1];
    }
}
