using CudaSearch.Cache;

namespace CudaSearch.Backends.Cpu;

/// <summary>
/// Causal attention over an <see cref="AttentionPlan"/>. A work item's pages are read once for all rows that visit them; each visit to a range yields a
/// state (output, max, sum; base 2) that is merged at once into the row's running state of the segment, and that, when the next segment begins, into the
/// total. A row's items come in order of position, so it folds its ranges in the plan's order whoever shares them. The first segment is the total itself:
/// short contexts have nothing more to merge. (Milakov and Gimelshein 2018; Dao et al. 2022, FlashAttention)
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
    private RowSpan _rows;
    private CpuKvCache _cache = null!;
    private int _layer;
    private int _stripes;
    private float _scale;

    // [2, rows, heads]: the running states of the total (in the first segment they are its), then of a later segment; its sum is 0 when nothing waits there.
    private float[] _max = [];
    private float[] _sum = [];
    private int _states;

    // [rows, heads * headDim]: outputs of the later segment at hand.
    private NativeBuffer? _later;

    /// <inheritdoc/>
    public void Run(WorkerPool pool, CpuTensor queries, AttentionShape shape, StepBatch batch, RowSpan rows, CpuKvCache cache, int layer, CpuTensor output)
    {
        (_queries, _shape, _batch, _rows, _cache, _layer, _output) = (queries, shape, batch, rows, cache, layer, output);
        _scale = LaneMath<T>.Log2E / MathF.Sqrt(shape.HeadDim);
        _states = batch.RowCount * shape.Heads;
        if (_max.Length < 2 * _states) (_max, _sum) = (new float[4 * _states], new float[4 * _states]);
        NativeBuffer.Reserve(ref _later, (long)_states * shape.HeadDim);
        int wanted = (4 * pool.ThreadCount + shape.KvHeads - 1) / shape.KvHeads;
        _stripes = pool.ThreadCount == 1 ? 1 : Math.Clamp(rows.Count / MinStripeRows, 1, wanted);
        pool.Run(_stripes * shape.KvHeads, this);
    }

    /// <summary>One key/value head, for one stripe of the rows.</summary>
    public void Execute(int part)
    {
        (int stripe, int kvHead) = int.DivRem(part, _shape.KvHeads);
        int firstRow = _rows.First + (int)((long)_rows.Count * stripe / _stripes), endRow = _rows.First + (int)((long)_rows.Count * (stripe + 1) / _stripes);
        int group = _shape.Heads / _shape.KvHeads;
        float** keys = stackalloc float*[Range / PageTokens];
        float** values = stackalloc float*[Range / PageTokens];
        Query* block = stackalloc Query[Block];
        float* scores = stackalloc float[Block * Range];
        AttentionPlan plan = _batch.Plan;
        foreach (ref readonly WorkItem item in plan.Items)
        {
            for (int firstKey = item.FirstKey; firstKey < item.FirstKey + item.KeyCount; firstKey += Range)
            {
                int keyCount = Math.Min(Range, item.FirstKey + item.KeyCount - firstKey), pageCount = PagePool.PagesFor(keyCount);
                for (int p = 0; p < pageCount; p++)
                {
                    int page = plan.Pages[item.FirstPage + (firstKey - item.FirstKey) / PageTokens + p];
                    keys[p] = _cache.Keys(_layer, page, kvHead);
                    values[p] = _cache.Values(_layer, page, kvHead);
                }
                bool begins = firstKey % AttentionPlan.SegmentLength == 0, later = firstKey >= AttentionPlan.SegmentLength;
                int pending = 0;
                foreach (ref readonly PlanMember member in plan.Members.Slice(item.FirstMember, item.MemberCount))
                {
                    // Rows before the range do not see it.
                    int firstToSee = member.FirstRow + Math.Max(0, firstKey - member.FirstPosition);
                    int end = Math.Min(member.FirstRow + member.RowCount, endRow);
                    for (int row = Math.Max(firstToSee, firstRow); row < end; row++)
                    {
                        int position = member.FirstPosition + row - member.FirstRow;
                        int visible = Math.Min(keyCount, position - firstKey + 1);
                        for (int g = 0; g < group; g++)
                        {
                            int head = kvHead * group + g;
                            if (begins && later) Close(row, head);
                            else if (begins) _sum[StateOf(row, head, later: true)] = 0f;
                            block[pending++] = new Query(row, head, visible, StateOf(row, head, later), OutputOf(row, head, later));
                            if (pending < Block) continue;
                            Visit(begins, pageCount, keys, values, block, Block, scores);
                            pending = 0;
                        }
                    }
                }
                if (pending > 0) Visit(begins, pageCount, keys, values, block, pending, scores);
            }
        }
        for (int row = firstRow; row < endRow; row++)
        {
            for (int g = 0; g < group; g++) Finish(row, kvHead * group + g);
        }
    }

    public void Dispose() => _later?.Dispose();

    private readonly struct Query(int row, int head, int visible, int state, float* output)
    {
        public readonly int Row = row, Head = head, Visible = visible, State = state;
        public readonly float* Output = output;
    }

    private int StateOf(int row, int head, bool later) => (later ? _states : 0) + row * _shape.Heads + head;

    private float* OutputOf(int row, int head, bool later) =>
        later ? _later!.Pointer + ((long)row * _shape.Heads + head) * _shape.HeadDim : _output.Row(row) + head * _shape.HeadDim;

    private void Visit(bool begins, int pageCount, float** keys, float** values, Query* block, int count, float* scores)
    {
        for (int i = count; i < Block; i++) block[i] = block[count - 1];
        Score(keys, block, pageCount, scores);
        float* max = stackalloc float[Block];
        float* sum = stackalloc float[Block];
        int furthest = 0;
        for (int i = 0; i < Block; i++)
        {
            Exponentiate(scores + i * Range, block[i].Visible, pageCount * PageTokens, out max[i], out sum[i]);
            furthest = Math.Max(furthest, block[i].Visible);
        }
        float* kept = stackalloc float[Block];
        float* added = stackalloc float[Block];
        // A padded block repeats its last query: that one must be merged once only.
        for (int i = 0; i < count; i++) MergeWeights(block[i].State, begins, max[i], sum[i], out kept[i], out added[i]);
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
    private void MergeWeights(int state, bool first, float max, float sum, out float kept, out float added)
    {
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
                float* output = block[i].Output;
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
                Merge(block[i].Output + d, sum, kept[i], added[i]);
            }
        }
    }

    // A fold that begins has nothing to keep: the buffer then holds earlier numbers, which may be anything.
    private static void Merge(float* output, float sum, float kept, float added) =>
        *output = kept == 0f ? sum * added : *output * kept + sum * added;

    private static void MergeVector(float* output, float* sum, float kept, float added)
    {
        T scaled = T.Multiply(T.Load(sum), T.Broadcast(added));
        T.Store(kept == 0f ? scaled : T.MultiplyAdd(T.Load(output), T.Broadcast(kept), scaled), output);
    }

    /// <summary>Merges the later segment that waits, if one does, into the total.</summary>
    private void Close(int row, int head)
    {
        int segment = StateOf(row, head, later: true);
        if (_sum[segment] == 0f) return;
        MergeWeights(StateOf(row, head, later: false), first: false, _max[segment], _sum[segment], out float kept, out float added);
        float* total = OutputOf(row, head, later: false);
        float* addedOutput = OutputOf(row, head, later: true);
        int d = 0;
        for (; d + T.Count <= _shape.HeadDim; d += T.Count) MergeVector(total + d, addedOutput + d, kept, added);
        for (; d < _shape.HeadDim; d++) Merge(total + d, addedOutput[d], kept, added);
        _sum[segment] = 0f;
    }

    private void Finish(int row, int head)
    {
        Close(row, head);
        float inverse = 1f / _sum[StateOf(row, head, later: false)];
        float* output = OutputOf(row, head, later: false);
        for (int d = 0; d < _shape.HeadDim; d++) output[d] *= inverse;
    }
}
