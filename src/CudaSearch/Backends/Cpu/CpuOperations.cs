namespace CudaSearch.Backends.Cpu;

/// <summary>output (+)= input · weightᵀ (+ bias). input [rows, in], weight [out, in], output [rows, out].</summary>
internal interface ILinearOp
{
    void Run(WorkerPool pool, CpuTensor input, CpuWeight weight, CpuWeight? bias, int rows, CpuTensor output, bool addToOutput);
}

/// <summary>output = silu(input · gateᵀ) * (input · upᵀ).</summary>
internal interface IGatedLinearOp
{
    void Run(WorkerPool pool, CpuTensor input, CpuWeight gate, CpuWeight up, int rows, CpuTensor output);
}

/// <summary>Causal attention over a batch's plan.</summary>
internal interface IAttentionOp
{
    /// <param name="pool">The threads.</param>
    /// <param name="queries">[rows, heads * headDim], rotated.</param>
    /// <param name="shape">Heads.</param>
    /// <param name="batch">The pass, planned.</param>
    /// <param name="cache">The pages, this pass's keys and values included.</param>
    /// <param name="layer">Which layer of the cache.</param>
    /// <param name="output">[rows, heads * headDim]</param>
    void Run(WorkerPool pool, CpuTensor queries, AttentionShape shape, StepBatch batch, CpuKvCache cache, int layer, CpuTensor output);
}
