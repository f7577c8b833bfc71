namespace CudaSearch.Backends.Cpu.Native;

/// <summary>
/// Cuts products into runs of output columns for the native kernel, so that every weight is read by one thread. Products of one input go through the threads
/// together: they wait for each other once, and the input is narrowed once.
/// </summary>
internal sealed unsafe class NativeLinearOp(NarrowedRows narrowed) : ILinearOp, IParallelWork, IDisposable
{
    private NativeKernels* _kernels;
    private NativeBuffer? _biases;

    // The products at hand, in order; each has the parts from its first up to the first of the next.
    private Share[] _shares = new Share[4];
    private int _count;

    public void Run(WorkerPool pool, CpuTensor input, RowSpan rows, params ReadOnlySpan<LinearProduct> products)
    {
        _kernels = products[0].Weight.Packed!.Kernels;
        int together = 1;
        while (together < products.Length && products[together].Weight.Packed!.Kernels == _kernels) together++;
        narrowed.Take(pool, _kernels, input, rows);
        pool.Run(Divide(products[..together], rows, pool.ThreadCount), this);
        // Weights of another type want their input in another format.
        if (together < products.Length) Run(pool, input, rows, products[together..]);
    }

    public void Execute(int part)
    {
        int index = _count - 1;
        while (_shares[index].FirstPart > part) index--;
        ref readonly Share share = ref _shares[index];
        LinearWork work = share.Work;
        work.FirstOutput = (part - share.FirstPart) * share.OutputsPerPart;
        work.EndOutput = Math.Min(work.FirstOutput + share.OutputsPerPart, share.Outputs);
        _kernels->Linear(&work);
    }

    public void Dispose() => _biases?.Dispose();

    /// <summary>Lays down the shares; returns their parts.</summary>
    private int Divide(ReadOnlySpan<LinearProduct> products, RowSpan rows, int threads)
    {
        if (_shares.Length < products.Length) _shares = new Share[products.Length];
        ReserveBiases(products);
        _count = 0;
        int parts = 0, biases = 0;
        foreach (ref readonly LinearProduct product in products)
        {
            CpuWeight weight = product.Weight;
            var work = new LinearWork
            {
                Input = narrowed.Data,
                InputStride = narrowed.Stride,
                Weight = weight.Packed!.Data,
                Bias = product.Bias is null ? null : Widen(product.Bias, _biases!.Pointer + biases),
                Output = product.Output.Row(rows.First),
                OutputStride = product.Output.Columns,
                Rows = rows.Count,
                Columns = weight.Columns,
                Add = product.Add ? 1 : 0,
            };
            int perPart = NativePath.OutputsPerPart(weight.Rows, threads);
            _shares[_count++] = new Share(work, parts, perPart, weight.Rows);
            parts += (weight.Rows + perPart - 1) / perPart;
            biases += weight.Rows;
        }
        return parts;
    }

    private void ReserveBiases(ReadOnlySpan<LinearProduct> products)
    {
        int needed = 0;
        bool any = false;
        foreach (ref readonly LinearProduct product in products)
        {
            needed += product.Weight.Rows;
            any |= product.Bias is not null;
        }
        if (!any || _biases is not null && _biases.Count >= needed) return;
        _biases?.Dispose();
        _biases = new NativeBuffer(needed);
    }

    private static float* Widen(CpuWeight bias, float* to)
    {
        for (int i = 0; i < bias.Columns; i++) to[i] = bias[i];
        return to;
    }

    private readonly struct Share(LinearWork work, int firstPart, int outputsPerPart, int outputs)
    {
        public readonly LinearWork Work = work;
        public readonly int FirstPart = firstPart, OutputsPerPart = outputsPerPart, Outputs = outputs;
    }
}
