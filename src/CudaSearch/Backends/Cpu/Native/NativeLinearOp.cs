namespace CudaSearch.Backends.Cpu.Native;

/// <summary>Cuts a product into runs of output columns for the native kernel, so that every weight is read by one thread.</summary>
internal sealed unsafe class NativeLinearOp(NativePath path) : ILinearOp, IParallelWork, IDisposable
{
    private NativeBuffer? _bias;
    private NativeKernels* _kernels;
    private LinearWork _work;
    private int _outputs;
    private int _perPart;

    public void Run(WorkerPool pool, CpuTensor input, CpuWeight weight, CpuWeight? bias, int rows, CpuTensor output, bool addToOutput)
    {
        _kernels = weight.Packed!.Kernels;
        path.Input.Take(pool, _kernels, input, rows);
        _work = new LinearWork
        {
            Input = path.Input.Data,
            InputStride = path.Input.Stride,
            Weight = weight.Packed.Data,
            Bias = Widen(bias),
            Output = output.Data,
            OutputStride = output.Columns,
            Rows = rows,
            Columns = weight.Columns,
            Add = addToOutput ? 1 : 0,
        };
        _outputs = weight.Rows;
        _perPart = NativePath.OutputsPerPart(_outputs, pool.ThreadCount);
        pool.Run((_outputs + _perPart - 1) / _perPart, this);
    }

    public void Execute(int part)
    {
        LinearWork work = _work;
        work.FirstOutput = part * _perPart;
        work.EndOutput = Math.Min(work.FirstOutput + _perPart, _outputs);
        _kernels->Linear(&work);
    }

    public void Dispose() => _bias?.Dispose();

    private float* Widen(CpuWeight? bias)
    {
        if (bias is null) return null;
        if (_bias is null || _bias.Count < bias.Columns)
        {
            _bias?.Dispose();
            _bias = new NativeBuffer(bias.Columns);
        }
        for (int i = 0; i < bias.Columns; i++) _bias.Pointer[i] = bias[i];
        return _bias.Pointer;
    }
}
