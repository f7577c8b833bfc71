namespace CudaSearch.Backends.Cpu;

/// <summary>output = silu(input · gateᵀ) * (input · upᵀ): a tile holds 2 gate rows and 2 up rows, so both products of an element meet in registers.</summary>
internal sealed unsafe class GatedLinearOp<T> : IGatedLinearOp, IParallelWork
    where T : struct, ILanes<T>
{
    private const int WeightRows = 32;
    private const int InputRows = 64;

    private CpuTensor _input = null!;
    private CpuWeight _gate = null!;
    private CpuWeight _up = null!;
    private CpuTensor _output = null!;
    private RowSpan _rows;
    private int _rowBlocks;

    public void Run(WorkerPool pool, CpuTensor input, CpuWeight gate, CpuWeight up, RowSpan rows, CpuTensor output)
    {
        (_input, _gate, _up, _output, _rows) = (input, gate, up, output, rows);
        _rowBlocks = rows.Parts(InputRows);
        pool.Run(_rowBlocks * ((gate.Rows + WeightRows - 1) / WeightRows), this);
    }

    public void Execute(int part)
    {
        if (_gate.IsBFloat16) Execute<BFloat16Weights>(part);
        else Execute<Float32Weights>(part);
    }

    private void Execute<TWeights>(int part)
        where TWeights : struct, IWeightFormat
    {
        RowSpan rows = _rows.Part(part % _rowBlocks, InputRows);
        int firstRow = rows.First, lastRow = rows.End - 1;
        int firstOut = part / _rowBlocks * WeightRows, lastOut = Math.Min(firstOut + WeightRows, _gate.Rows) - 1;
        int length = _gate.Columns;
        long stride = (long)length * TWeights.Size;
        float* sums = stackalloc float[16];
        // Four rows at a time over all columns of the part, so that SiLU runs on whole vectors.
        float* gateSums = stackalloc float[4 * WeightRows];
        float* upSums = stackalloc float[4 * WeightRows];
        for (int i = firstRow; i <= lastRow; i += 4)
        {
            float* x0 = _input.Row(i);
            float* x1 = _input.Row(Math.Min(i + 1, lastRow));
            float* x2 = _input.Row(Math.Min(i + 2, lastRow));
            float* x3 = _input.Row(Math.Min(i + 3, lastRow));
            for (int j = firstOut; j <= lastOut; j += 2)
            {
                int next = Math.Min(j + 1, lastOut);
                DotTile<T, TWeights>.Compute(
                    x0, x1, x2, x3, _gate.Data + j * stride, _gate.Data + next * stride, _up.Data + j * stride, _up.Data + next * stride, length, sums);
                for (int r = 0; r < 4; r++)
                {
                    int at = r * WeightRows + j - firstOut;
                    gateSums[at] = sums[4 * r];
                    upSums[at] = sums[4 * r + 2];
                    if (next == j) continue;
                    gateSums[at + 1] = sums[4 * r + 1];
                    upSums[at + 1] = sums[4 * r + 3];
                }
            }
            for (int r = 0; r < 4 && i + r <= lastRow; r++)
                Activate(gateSums + r * WeightRows, upSums + r * WeightRows, _output.Row(i + r) + firstOut, lastOut - firstOut + 1);
        }
    }

    private static void Activate(float* gate, float* up, float* output, int count)
    {
        int i = 0;
        for (; i + T.Count <= count; i += T.Count)
            T.Store(T.Multiply(LaneMath<T>.Silu(T.Load(gate + i)), T.Load(up + i)), output + i);
        // The scratch rows are whole vectors, so the tail computes a full one and keeps what fits.
        if (i == count) return;
        float* tail = stackalloc float[T.Count];
        T.Store(T.Multiply(LaneMath<T>.Silu(T.Load(gate + i)), T.Load(up + i)), tail);
        for (int j = 0; i < count; i++, j++) output[i] = tail[j];
    }
}
