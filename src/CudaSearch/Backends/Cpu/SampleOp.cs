namespace CudaSearch.Backends.Cpu;

/// <summary>One draw for each sampled row, and its log-probability where that is wanted, rows in parallel.</summary>
internal sealed unsafe class SampleOp<T> : IParallelWork
    where T : struct, ILanes<T>
{
    [ThreadStatic]
    private static TokenSampler<T>? s_sampler;

    private CpuTensor _logits = null!;
    private StepBatch _batch = null!;

    public void Run(WorkerPool pool, CpuTensor logits, StepBatch batch)
    {
        (_logits, _batch) = (logits, batch);
        pool.Run(batch.Sampled.Length, this);
    }

    public void Execute(int part)
    {
        var row = new ReadOnlySpan<float>(_logits.Row(_batch.Sampled[part]), _logits.Columns);
        s_sampler ??= new TokenSampler<T>();
        int token = s_sampler.Draw(row, _batch.Sampling[part]);
        _batch.SampledTokens[part] = token;
        if (_batch.Sampling[part].WantsLogProbability) _batch.LogProbabilities[part] = TokenSampler<T>.LogProbability(row, token);
    }
}
