namespace CudaSearch.Backends.Cpu;

/// <summary>output = input / sqrt(mean(input²) + epsilon) * weight, row by row; optionally over a list of rows, gathered.</summary>
internal sealed unsafe class RmsNormOp<T> : IParallelWork
    where T : struct, ILanes<T>
{
    private const int RowsPerPart = 16;

    private CpuTensor _input = null!;
    private CpuWeight _weight = null!;
    private CpuTensor _output = null!;
    private StepBatch? _gather;
    private float _epsilon;
    private RowSpan _rows;

    /// <param name="pool">The threads.</param>
    /// <param name="input">[rows, hidden]</param>
    /// <param name="weight">[hidden]</param>
    /// <param name="epsilon">Added to the mean square.</param>
    /// <param name="rows">Output rows.</param>
    /// <param name="gather">When given, output row i is the norm of input row OutputRows[i].</param>
    /// <param name="output">[rows, hidden]</param>
    public void Run(WorkerPool pool, CpuTensor input, CpuWeight weight, float epsilon, RowSpan rows, StepBatch? gather, CpuTensor output)
    {
        (_input, _weight, _epsilon, _rows, _gather, _output) = (input, weight, epsilon, rows, gather, output);
        pool.Run(rows.Parts(RowsPerPart), this);
    }

    public void Execute(int part)
    {
        RowSpan rows = _rows.Part(part, RowsPerPart);
        for (int row = rows.First; row < rows.End; row++)
        {
            float* x = _input.Row(_gather is null ? row : _gather.OutputRows[row]);
            if (_weight.IsBFloat16) Normalize<BFloat16Weights>(x, _output.Row(row));
            else Normalize<Float32Weights>(x, _output.Row(row));
        }
    }

    private void Normalize<TWeights>(float* x, float* y)
        where TWeights : struct, IWeightFormat
    {
        int length = _input.Columns, whole = length - length % T.Count;
        T squares = T.Broadcast(0f);
        for (int i = 0; i < whole; i += T.Count)
        {
            T v = T.Load(x + i);
            squares = T.MultiplyAdd(v, v, squares);
        }
        float sum = LaneMath<T>.Sum(squares);
        for (int i = whole; i < length; i++) sum += x[i] * x[i];
        float scale = 1f / MathF.Sqrt(sum / length + _epsilon);
        T scales = T.Broadcast(scale);
        for (int i = 0; i < whole; i += T.Count)
            T.Store(T.Multiply(T.Multiply(T.Load(x + i), scales), TWeights.Load<T>(_weight.Data + i * TWeights.Size)), y + i);
        for (int i = whole; i < length; i++) y[i] = x[i] * scale * TWeights.LoadOne(_weight.Data + i * TWeights.Size);
    }
}
