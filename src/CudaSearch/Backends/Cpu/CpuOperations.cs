namespace CudaSearch.Backends.Cpu;

/// <summary>One product of an input: output (+)= input · weightᵀ (+ bias).</summary>
/// <param name="Weight">[out, in]</param>
/// <param name="Bias">[out], or null.</param>
/// <param name="Output">[rows, out]</param>
/// <param name="Add">Whether the product is added to what the output holds.</param>
internal readonly record struct LinearProduct(CpuWeight Weight, CpuWeight? Bias, CpuTensor Output, bool Add = false);

/// <summary>Products that share an input, for some rows of it. [rows, in]</summary>
internal interface ILinearOp
{
    void Run(WorkerPool pool, CpuTensor input, RowSpan rows, params ReadOnlySpan<LinearProduct> products);
}

/// <summary>output = silu(input · gateᵀ) * (input · upᵀ), for some rows.</summary>
internal interface IGatedLinearOp
{
    void Run(WorkerPool pool, CpuTensor input, CpuWeight gate, CpuWeight up, RowSpan rows, CpuTensor output);
}

/// <summary>Causal attention over a batch's plan, for some rows.</summary>
internal interface IAttentionOp : IDisposable
{
    /// <param name="pool">The threads.</param>
    /// <param name="queries">[rows, heads * headDim], rotated.</param>
    /// <param name="shape">Heads.</param>
    /// <param name="batch">The pass, planned.</param>
    /// <param name="rows">Which of its rows.</param>
    /// <param name="cache">The pages, this pass's keys and values included.</param>
    /// <param name="layer">Which layer of the cache.</param>
    /// <param name="output">[rows, heads * headDim]</param>
    void Run(WorkerPool pool, CpuTensor queries, AttentionShape shape, StepBatch batch, RowSpan rows, CpuKvCache cache, int layer, CpuTensor output);
}
