namespace CudaSearch.Backends.Cpu;

/// <summary>One draw for each sampled row, and its log-probability where that is wanted, rows in parallel.</summary>
internal sealed unsafe class SampleOp<T> : IParallelWork
    where T : struct, ILanes<T>
{
    [ThreadStatic]
    private static TokenSampler<T>? s_sampler;

    private CpuTensor _logits = null!;
    private StepBatch _batch = null!;
    private int _first;

    /// <param name="pool">The threads.</param>
    /// <param name="logits">[output rows, vocabulary]</param>
    /// <param name="batch">The pass; takes the tokens.</param>
    /// <param name="draws">Which of its draws.</param>
    public void Run(WorkerPool pool, CpuTensor logits, StepBatch batch, RowSpan draws)
    {
        (_logits, _batch, _first) = (logits, batch, draws.First);
        pool.Run(draws.Count, this);
    }

    public void Execute(int part)
    {
        int draw = _first + part;
        var row = new ReadOnlySpan<float>(_logits.Row(_batch.Sampled[draw]), _logits.Columns);
        s_sampler ??= new TokenSampler<T>();
        int token = s_sampler.Draw(row, _batch.Sampling[draw]);
        _batch.SampledTokens[draw] = token;
        if (_batch.Sampling[draw].WantsLogProbability) _batch.LogProbabilities[draw] = TokenSampler<T>.LogProbability(row, token);
    }
}
