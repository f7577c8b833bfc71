using CudaSearch.Cache;

namespace CudaSearch.Backends.Cpu;

/// <summary>Rotate-half RoPE on queries (in place) and keys, then keys and values into their page slots.</summary>
internal sealed unsafe class RotateAndAppendOp<T> : IParallelWork
    where T : struct, ILanes<T>
{
    private const int RowsPerPart = 8;

    private CpuTensor _queries = null!;
    private CpuTensor _keys = null!;
    private CpuTensor _values = null!;
    private RopeTable _rope = null!;
    private AttentionShape _shape;
    private StepBatch _batch = null!;
    private RowSpan _rows;
    private CpuKvCache _cache = null!;
    private int _layer;

    public void Run(
        WorkerPool pool, CpuTensor queries, CpuTensor keys, CpuTensor values, RopeTable rope, AttentionShape shape, StepBatch batch, RowSpan rows,
        CpuKvCache cache, int layer)
    {
        (_queries, _keys, _values, _rope, _shape, _batch, _rows, _cache, _layer) = (queries, keys, values, rope, shape, batch, rows, cache, layer);
        rope.EnsurePositions(HighestPosition(batch) + 1);
        pool.Run(rows.Parts(RowsPerPart), this);
    }

    public void Execute(int part)
    {
        RowSpan rows = _rows.Part(part, RowsPerPart);
        int headDim = _shape.HeadDim;
        fixed (float* allCos = _rope.Cos, allSin = _rope.Sin)
        {
            for (int row = rows.First; row < rows.End; row++)
            {
                long angles = (long)_batch.Positions[row] * _rope.Half;
                float* cos = allCos + angles, sin = allSin + angles;
                for (int head = 0; head < _shape.Heads; head++) Rotate(_queries.Row(row) + head * headDim, cos, sin);
                (int page, int offset) = int.DivRem(_batch.Slots[row], CpuKvCache.PageTokens);
                for (int head = 0; head < _shape.KvHeads; head++)
                {
                    float* key = _keys.Row(row) + head * headDim;
                    Rotate(key, cos, sin);
                    float* keySlot = _cache.Keys(_layer, page, head) + offset;
                    for (int d = 0; d < headDim; d++) keySlot[d * CpuKvCache.PageTokens] = key[d];
                    new ReadOnlySpan<float>(_values.Row(row) + head * headDim, headDim)
                        .CopyTo(new Span<float>(_cache.Values(_layer, page, head) + offset * headDim, headDim));
                }
            }
        }
    }

    private static int HighestPosition(StepBatch batch)
    {
        int highest = 0;
        foreach (ref readonly QuerySpan span in batch.Spans) highest = Math.Max(highest, span.FirstPosition + span.RowCount - 1);
        return highest;
    }

    private void Rotate(float* head, float* cos, float* sin)
    {
        int half = _rope.Half, i = 0;
        float* other = head + half;
        for (; i + T.Count <= half; i += T.Count)
        {
            T a = T.Load(head + i), b = T.Load(other + i), c = T.Load(cos + i), s = T.Load(sin + i);
            T.Store(T.Subtract(T.Multiply(a, c), T.Multiply(b, s)), head + i);
            T.Store(T.Add(T.Multiply(b, c), T.Multiply(a, s)), other + i);
        }
        for (; i < half; i++)
        {
            float a = head[i], b = other[i];
            head[i] = a * cos[i] - b * sin[i];
            other[i] = b * cos[i] + a * sin[i];
        }
    }
}
