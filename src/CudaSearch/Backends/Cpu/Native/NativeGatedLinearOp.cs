namespace CudaSearch.Backends.Cpu.Native;

/// <summary>Cuts a gated layer into runs of output columns for the native kernel.</summary>
internal sealed unsafe class NativeGatedLinearOp(NarrowedRows input) : IGatedLinearOp, IParallelWork
{
    private NativeKernels* _kernels;
    private GatedLinearWork _work;
    private int _outputs;
    private int _perPart;

    public void Run(WorkerPool pool, CpuTensor source, CpuWeight gate, CpuWeight up, RowSpan rows, CpuTensor output)
    {
        _kernels = gate.Packed!.Kernels;
        input.Take(pool, _kernels, source, rows);
        _work = new GatedLinearWork
        {
            Input = input.Data,
            InputStride = input.Stride,
            Gate = gate.Packed.Data,
            Up = up.Packed!.Data,
            Output = output.Row(rows.First),
            OutputStride = output.Columns,
            Rows = rows.Count,
            Columns = gate.Columns,
        };
        _outputs = gate.Rows;
        _perPart = NativePath.OutputsPerPart(_outputs, pool.ThreadCount);
        pool.Run((_outputs + _perPart - 1) / _perPart, this);
    }

    public void Execute(int part)
    {
        GatedLinearWork work = _work;
        work.FirstOutput = part * _perPart;
        work.EndOutput = Math.Min(work.FirstOutput + _perPart, _outputs);
        _kernels->GatedLinear(&work);
    }
}
