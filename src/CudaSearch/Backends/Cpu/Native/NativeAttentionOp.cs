using CudaSearch.Cache;

namespace CudaSearch.Backends.Cpu.Native;

/// <summary>Cuts attention into key/value heads and stripes of rows for the native kernel. Heads that are no whole number of registers stay managed.</summary>
internal sealed unsafe class NativeAttentionOp(NativePath path, IAttentionOp managed) : IAttentionOp, IParallelWork
{
    private const int HeadMultiple = 16;
    private const int PartsPerThread = 4;
    private const int MinStripeRows = 8;

    private NativeBuffer? _state;
    private NativeBuffer? _later;
    private AttentionWork _work;
    private StepBatch _batch = null!;
    private RowSpan _rows;
    private int _stripes;

    public void Run(WorkerPool pool, CpuTensor queries, AttentionShape shape, StepBatch batch, RowSpan rows, CpuKvCache cache, int layer, CpuTensor output)
    {
        if (shape.HeadDim % HeadMultiple != 0)
        {
            managed.Run(pool, queries, shape, batch, rows, cache, layer, output);
            return;
        }
        long states = (long)batch.RowCount * shape.Heads;
        NativeBuffer.Reserve(ref _state, 4 * states);
        NativeBuffer.Reserve(ref _later, shape.HeadDim * states);
        (_batch, _rows) = (batch, rows);
        _work = new AttentionWork
        {
            Queries = queries.Data,
            Output = output.Data,
            Later = _later.Pointer,
            State = _state.Pointer,
            Keys = cache.Keys(layer, page: 0, head: 0),
            Values = cache.Values(layer, page: 0, head: 0),
            ItemCount = batch.Plan.Items.Length,
            Heads = shape.Heads,
            KvHeads = shape.KvHeads,
            HeadDim = shape.HeadDim,
            Scale = LaneMath<LanesScalar>.Log2E / MathF.Sqrt(shape.HeadDim),
        };
        int wanted = (PartsPerThread * pool.ThreadCount + shape.KvHeads - 1) / shape.KvHeads;
        _stripes = pool.ThreadCount == 1 ? 1 : Math.Clamp(rows.Count / MinStripeRows, 1, wanted);
        pool.Run(_stripes * shape.KvHeads, this);
    }

    public void Execute(int part)
    {
        AttentionWork work = _work;
        (int stripe, work.KvHead) = int.DivRem(part, work.KvHeads);
        work.FirstRow = _rows.First + (int)((long)_rows.Count * stripe / _stripes);
        work.EndRow = _rows.First + (int)((long)_rows.Count * (stripe + 1) / _stripes);
        fixed (WorkItem* items = _batch.Plan.Items)
        fixed (PlanMember* members = _batch.Plan.Members)
        fixed (int* pages = _batch.Plan.Pages)
        {
            work.Items = items;
            work.Members = members;
            work.Pages = pages;
            path.Default->Attend(&work);
        }
    }

    public void Dispose()
    {
        _state?.Dispose();
        _later?.Dispose();
        managed.Dispose();
    }
}
