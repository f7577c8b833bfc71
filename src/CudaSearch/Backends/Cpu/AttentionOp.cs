using CudaSearch.Cache;

namespace CudaSearch.Backends.Cpu;

/// <summary>
/// Causal attention over an <see cref="AttentionPlan"/>. A work item's pages are read once for all rows that visit them; each visit yields a partial
/// state (output, max, sum; base 2) that is merged at once into the row's running state. Items come in order of position, so every
/// row merges its ranges in that order whoever shares them. (Milakov and Gimelshein 2018; Dao et al. 2022, FlashAttention)
/// </summary>
internal sealed unsafe class AttentionOp<T> : IAttentionOp, IParallelWork
    where T : struct, ILanes<T>
{
    private const int PageTokens = CpuKvCache.PageTokens;
    private const int Range = AttentionPlan.RangeLength;

    /// <summary>Query heads that go through an item together: enough to hide latency, few enough for registers.</summary>
    private const int Block = 4;

    private const int MinStripeRows = 8;

    private CpuTensor _queries = null!;
    private CpuTensor _output = null!;
    private AttentionShape _shape;
    private StepBatch _batch = null!;
    private CpuKvCache _cache = null!;
    private int _layer;
    private int _stripes;
    private float _scale;
    private float[] _max = [];
    private float[] _sum = [];

    /// <inheritdoc/>
    public void Run(WorkerPool pool, CpuTensor queries, AttentionShape shape, StepBatch batch, CpuKvCache cache, int layer, CpuTensor output)
    {
        (_queries, _shape, _batch, _cache, _layer, _output) = (queries, shape, batch, cache, layer, output);
        _scale = LaneMath<T>.Log2E / MathF.Sqrt(shape.HeadDim);
        int states = batch.RowCount * shape.Heads;
        if (_max.Length < states) (_max, _sum) = (new float[2 * states], new float[2 * states]);
        int wanted = (4 * pool.ThreadCount + shape.KvHeads - 1) / shape.KvHeads;
        _stripes = pool.ThreadCount == 1 ? 1 : Math.Clamp(batch.RowCount / MinStripeRows, 1, wanted);
        pool.Run(_stripes * shape.KvHeads, this);
    }

    /// <summary>One key/value head, for one stripe of the rows.</summary>
    public void Execute(int part)
    {
        (int stripe, int kvHead) = int.DivRem(part, _shape.KvHeads);
        int firstRow = (int)((long)_batch.RowCount * stripe / _stripes), endRow = (int)((long)_batch.RowCount * (stripe + 1) / _stripes);
        int group = _shape.Heads / _shape.KvHeads;
        float** keys = stackalloc float*[Range / PageTokens];
        float** values = stackalloc float*[Range / PageTokens];
        Query* block = stackalloc Query[Block];
        float* scores = stackalloc float[Block * Range];
        AttentionPlan plan = _batch.Plan;
        foreach (ref readonly WorkItem item in plan.Items)
        {
            for (int p = 0; p < item.PageCount; p++)
            {
                int page = plan.Pages[item.FirstPage + p];
                keys[p] = _cache.Keys(_layer, page, kvHead);
                values[p] = _cache.Values(_layer, page, kvHead);
            }
            int pending = 0;
            foreach (ref readonly PlanMember member in plan.Members.Slice(item.FirstMember, item.MemberCount))
            {
                int end = Math.Min(member.FirstRow + member.RowCount, endRow);
                for (int row = Math.Max(member.FirstRow, firstRow); row < end; row++)
                {
                    int position = member.FirstPosition + row - member.FirstRow;
                    int visible = Math.Min(item.KeyCount, position - item.FirstKey + 1);
                    for (int g = 0; g < group; g++)
                    {
                        block[pending++] = new Query(row, kvHead * group + g, visible);
                        if (pending < Block) continue;
                        Visit(item, keys, values, block, Block, scores);
                        pending = 0;
                    }
                }
            }
            if (pending > 0) Visit(item, keys, values, block, pending, scores);
        }
        for (int row = firstRow; row < endRow; row++)
        {
            for (int g = 0; g < group; g++) Normalize(row, kvHead * group + g);
        }
    }

    private readonly record struct Query(int Row, int Head, int Visible);

    private void Visit(in WorkItem item, float** keys, float** values, Query* block, int count, float* scores)
    {
        for (int i = count; i < Block; i++) block[i] = block[count - 1];
        Score(keys, block, item.PageCount, scores);
        float* max = stackalloc float[Block];
        float* sum = stackalloc float[Block];
        int furthest = 0;
        for (int i = 0; i < Block; i++)
        {
            Exponentiate(scores + i * Range, block[i].Visible, item.PageCount * PageTokens, out max[i], out sum[i]);
            furthest = Math.Max(furthest, block[i].Visible);
        }
        float* kept = stackalloc float[Block];
        float* added = stackalloc float[Block];
        // A padded block repeats its last query: that one must be merged once only.
        for (int i = 0; i < count; i++) MergeWeights(block[i], item.FirstKey == 0, max[i], sum[i], out kept[i], out added[i]);
        Accumulate(values, block, count, furthest, scores, kept, added);
    }

    /// <summary>scores[i][j] = q_i · k_j * scale; every sum runs over the head's elements in order.</summary>
    private void Score(float** keys, Query* block, int pages, float* scores)
    {
        int headDim = _shape.HeadDim, perPage = PageTokens / T.Count, vectors = pages * perPage;
        float* q0 = _queries.Row(block[0].Row) + block[0].Head * headDim;
        float* q1 = _queries.Row(block[1].Row) + block[1].Head * headDim;
        float* q2 = _queries.Row(block[2].Row) + block[2].Head * headDim;
        float* q3 = _queries.Row(block[3].Row) + block[3].Head * headDim;
        T zero = T.Broadcast(0f), scale = T.Broadcast(_scale);
        for (int v = 0; v < vectors; v += 2)
        {
            int w = Math.Min(v + 1, vectors - 1);
            float* ka = keys[v / perPage] + v % perPage * T.Count;
            float* kb = keys[w / perPage] + w % perPage * T.Count;
            T a0 = zero, a1 = zero, a2 = zero, a3 = zero, b0 = zero, b1 = zero, b2 = zero, b3 = zero;
            for (int d = 0; d < headDim; d++)
            {
                T a = T.Load(ka + d * PageTokens), b = T.Load(kb + d * PageTokens);
                T q = T.Broadcast(q0[d]);
                a0 = T.MultiplyAdd(q, a, a0);
                b0 = T.MultiplyAdd(q, b, b0);
                q = T.Broadcast(q1[d]);
                a1 = T.MultiplyAdd(q, a, a1);
                b1 = T.MultiplyAdd(q, b, b1);
                q = T.Broadcast(q2[d]);
                a2 = T.MultiplyAdd(q, a, a2);
                b2 = T.MultiplyAdd(q, b, b2);
                q = T.Broadcast(q3[d]);
                a3 = T.MultiplyAdd(q, a, a3);
                b3 = T.MultiplyAdd(q, b, b3);
            }
            float* sa = scores + v * T.Count;
            float* sb = scores + w * T.Count;
            T.Store(T.Multiply(b0, scale), sb);
            T.Store(T.Multiply(b1, scale), sb + Range);
            T.Store(T.Multiply(b2, scale), sb + 2 * Range);
            T.Store(T.Multiply(b3, scale), sb + 3 * Range);
            T.Store(T.Multiply(a0, scale), sa);
            T.Store(T.Multiply(a1, scale), sa + Range);
            T.Store(T.Multiply(a2, scale), sa + 2 * Range);
            T.Store(T.Multiply(a3, scale), sa + 3 * Range);
        }
    }

    /// <summary>In place: scores → 2^(score - max) for visible keys, exactly 0 for the others.</summary>
    private static void Exponentiate(float* scores, int visible, int keys, out float max, out float sum)
    {
        for (int j = visible; j < keys; j++) scores[j] = float.NegativeInfinity;
        T largest = T.Load(scores);
        for (int j = T.Count; j < keys; j += T.Count) largest = T.Max(largest, T.Load(scores + j));
        max = T.MaxLane(largest);
        T offset = T.Broadcast(max);
        for (int j = 0; j < keys; j += T.Count) T.Store(LaneMath<T>.Exp2(T.Subtract(T.Load(scores + j), offset)), scores + j);
        for (int j = visible; j < keys; j++) scores[j] = 0f;
        T total = T.Broadcast(0f);
        for (int j = 0; j < keys; j += T.Count) total = T.Add(total, T.Load(scores + j));
        sum = LaneMath<T>.Sum(total);
    }

    /// <summary>New running max and sum; what the running output and the new partial output are to be multiplied by.</summary>
    private void MergeWeights(Query query, bool first, float max, float sum, out float kept, out float added)
    {
        int state = query.Row * _shape.Heads + query.Head;
        if (first)
        {
            (_max[state], _sum[state], kept, added) = (max, sum, 0f, 1f);
            return;
        }
        float merged = MathF.Max(_max[state], max);
        kept = LaneMath<LanesScalar>.Exp2Of(_max[state] - merged);
        added = LaneMath<LanesScalar>.Exp2Of(max - merged);
        _sum[state] = _sum[state] * kept + sum * added;
        _max[state] = merged;
    }

    /// <summary>output_i = output_i * kept_i + (Σ_j p_ij v_j) * added_i; the sum runs over the keys in order.</summary>
    private void Accumulate(float** values, Query* block, int count, int keys, float* p, float* kept, float* added)
    {
        int headDim = _shape.HeadDim, d = 0;
        float* sums = stackalloc float[Block * 2 * T.Count];
        for (; d + T.Count <= headDim; d += 2 * T.Count)
        {
            // The last pair repeats its vector where the head is an odd number of vectors long.
            int e = d + 2 * T.Count <= headDim ? d + T.Count : d;
            T zero = T.Broadcast(0f);
            T a0 = zero, a1 = zero, a2 = zero, a3 = zero, b0 = zero, b1 = zero, b2 = zero, b3 = zero;
            for (int j = 0; j < keys; j++)
            {
                float* v = values[j / PageTokens] + j % PageTokens * headDim;
                T a = T.Load(v + d), b = T.Load(v + e);
                T w = T.Broadcast(p[j]);
                a0 = T.MultiplyAdd(w, a, a0);
                b0 = T.MultiplyAdd(w, b, b0);
                w = T.Broadcast(p[Range + j]);
                a1 = T.MultiplyAdd(w, a, a1);
                b1 = T.MultiplyAdd(w, b, b1);
                w = T.Broadcast(p[2 * Range + j]);
                a2 = T.MultiplyAdd(w, a, a2);
                b2 = T.MultiplyAdd(w, b, b2);
                w = T.Broadcast(p[3 * Range + j]);
                a3 = T.MultiplyAdd(w, a, a3);
                b3 = T.MultiplyAdd(w, b, b3);
            }
            T.Store(a0, sums);
            T.Store(b0, sums + T.Count);
            T.Store(a1, sums + 2 * T.Count);
            T.Store(b1, sums + 3 * T.Count);
            T.Store(a2, sums + 4 * T.Count);
            T.Store(b2, sums + 5 * T.Count);
            T.Store(a3, sums + 6 * T.Count);
            T.Store(b3, sums + 7 * T.Count);
            for (int i = 0; i < count; i++)
            {
                float* output = OutputOf(block[i]);
                MergeVector(output + d, sums + 2 * i * T.Count, kept[i], added[i]);
                if (e != d) MergeVector(output + e, sums + (2 * i + 1) * T.Count, kept[i], added[i]);
            }
        }
        for (d = headDim - headDim % T.Count; d < headDim; d++)
        {
            for (int i = 0; i < count; i++)
            {
                float sum = 0f;
                for (int j = 0; j < keys; j++) sum = MathF.FusedMultiplyAdd(p[i * Range + j], values[j / PageTokens][j % PageTokens * headDim + d], sum);
                float* output = OutputOf(block[i]) + d;
                *output = kept[i] == 0f ? sum * added[i] : *output * kept[i] + sum * added[i];
            }
        }
    }

    // A first visit has nothing to keep: the buffer then holds an earlier pass's numbers, which may be anything.
    private static void MergeVector(float* output, float* sum, float kept, float added)
    {
        T scaled = T.Multiply(T.Load(sum), T.Broadcast(added));
        T.Store(kept == 0f ? scaled : T.MultiplyAdd(T.Load(output), T.Broadcast(kept), scaled), output);
    }

    private float* OutputOf(Query query) => _output.Row(query.Row) + query.Head * _shape.HeadDim;

    private void Normalize(int row, int head)
    {
        float inverse = 1f / _sum[row * _shape.Heads + head];
        float* output = _output.Row(row) + head * _shape.HeadDim;
        for (int d = 0; d < _shape.HeadDim; d++) output[d] *= inverse;
    }
}
