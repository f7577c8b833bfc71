using System.Runtime.Intrinsics;

namespace CudaSearch.Backends.Cpu;

/// <summary>
/// output (+)= input · weightᵀ (+ bias). Work is cut into (64 weight rows × 64 input rows) parts: the weights of a part stay in the second-level
/// cache while its input rows pass by.
/// </summary>
internal sealed unsafe class LinearOp<T> : ILinearOp, IParallelWork
    where T : struct, ILanes<T>
{
    private const int WeightRows = 64;
    private const int InputRows = 64;

    private CpuTensor _input = null!;
    private CpuWeight _weight = null!;
    private CpuWeight? _bias;
    private CpuTensor _output = null!;
    private RowSpan _rows;
    private int _rowBlocks;
    private bool _add;

    public void Run(WorkerPool pool, CpuTensor input, RowSpan rows, params ReadOnlySpan<LinearProduct> products)
    {
        (_input, _rows, _rowBlocks) = (input, rows, rows.Parts(InputRows));
        foreach (ref readonly LinearProduct product in products)
        {
            (_weight, _bias, _output, _add) = (product.Weight, product.Bias, product.Output, product.Add);
            pool.Run(_rowBlocks * ((_weight.Rows + WeightRows - 1) / WeightRows), this);
        }
    }

    public void Execute(int part)
    {
        if (_weight.IsBFloat16) Execute<BFloat16Weights>(part);
        else Execute<Float32Weights>(part);
    }

    private void Execute<TWeights>(int part)
        where TWeights : struct, IWeightFormat
    {
        // Neighbouring parts share weights, so a weight larger than the cache is read once even when several row blocks need it.
        RowSpan rows = _rows.Part(part % _rowBlocks, InputRows);
        int firstRow = rows.First, lastRow = rows.End - 1;
        int firstOut = part / _rowBlocks * WeightRows, lastOut = Math.Min(firstOut + WeightRows, _weight.Rows) - 1;
        int length = _weight.Columns;
        long weightStride = (long)length * TWeights.Size;
        float* sums = stackalloc float[16];
        for (int j = firstOut; j <= lastOut; j += 4)
        {
            byte* w0 = _weight.Data + j * weightStride;
            byte* w1 = _weight.Data + Math.Min(j + 1, lastOut) * weightStride;
            byte* w2 = _weight.Data + Math.Min(j + 2, lastOut) * weightStride;
            byte* w3 = _weight.Data + Math.Min(j + 3, lastOut) * weightStride;
            int columns = Math.Min(4, lastOut - j + 1);
            for (int i = firstRow; i <= lastRow; i += 4)
            {
                DotTile<T, TWeights>.Compute(
                    _input.Row(i), _input.Row(Math.Min(i + 1, lastRow)), _input.Row(Math.Min(i + 2, lastRow)), _input.Row(Math.Min(i + 3, lastRow)),
                    w0, w1, w2, w3, length, sums);
                for (int r = 0; r < 4 && i + r <= lastRow; r++) Finish(sums + 4 * r, _output.Row(i + r) + j, j, columns);
            }
        }
    }

    private void Finish(float* sums, float* output, int firstColumn, int columns)
    {
        if (columns == 4)
        {
            Vector128<float> value = Vector128.Load(sums);
            if (_bias is not null) value += Vector128.Create(_bias[firstColumn], _bias[firstColumn + 1], _bias[firstColumn + 2], _bias[firstColumn + 3]);
            if (_add) value += Vector128.Load(output);
            value.Store(output);
            return;
        }
        for (int c = 0; c < columns; c++)
        {
            float value = sums[c];
            if (_bias is not null) value += _bias[firstColumn + c];
            output[c] = _add ? value + output[c] : value;
        }
    }
}
