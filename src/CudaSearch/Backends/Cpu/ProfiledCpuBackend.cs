using System.Diagnostics;
using CudaSearch.Checkpoints;

namespace CudaSearch.Backends.Cpu;

/// <summary>A CPU backend with a stopwatch beside each operation. A model that is to be taken apart is made on this one.</summary>
/// <param name="inner">Computes; disposed with this object.</param>
internal sealed unsafe class ProfiledCpuBackend(IBackend inner) : IProfiledBackend
{
    // More than the last-level cache of most processors.
    private const long CacheBytes = 256L << 20;

    // Null outside of RunTimed.
    private List<OperationTiming>? _timings;
    private long _begin;

    public string Name => inner.Name;

    public string Device => inner.Device;

    public long AvailableMemory => inner.AvailableMemory;

    public double DefaultMemoryFraction => inner.DefaultMemoryFraction;

    public PlanLimits PlanLimits => inner.PlanLimits;

    public long PageBytes(KvShape shape) => inner.PageBytes(shape);

    public DeviceWeight LoadWeight(TensorView tensor, Axis rows, Axis columns, WeightUse use) => inner.LoadWeight(tensor, rows, columns, use);

    public AttentionProjection LoadProjection(QueryKeyValue<TensorView> weights, QueryKeyValue<TensorView>? biases, AttentionShape shape, Axis hidden) =>
        inner.LoadProjection(weights, biases, shape, hidden);

    public DeviceRope LoadRope(double[] inverseFrequencies, int positions) => inner.LoadRope(inverseFrequencies, positions);

    public DeviceTensor Allocate(int rows, Axis columns, ActivationType type) => inner.Allocate(rows, columns, type);

    public ResidualStream AllocateResidual(int rows, Axis columns) => inner.AllocateResidual(rows, columns);

    public AttentionWorkspace AllocateWorkspace(AttentionShape shape, int rows) => inner.AllocateWorkspace(shape, rows);

    public KvCache AllocateCache(KvShape shape) => inner.AllocateCache(shape);

    public void Run(IPass pass, StepBatch batch) => inner.Run(pass, batch);

    // All threads work on each operation together, also where a pass of a small model would be shared out by sequences.
    public PassRecording RunTimed(IPass pass, StepBatch batch)
    {
        List<OperationTiming> timings = _timings = [];
        _begin = Stopwatch.GetTimestamp();
        try
        {
            pass.Issue(batch);
            return new PassRecording(Stopwatch.GetElapsedTime(_begin).TotalSeconds, timings);
        }
        finally
        {
            _timings = null;
        }
    }

    public double RunWhole(IPass pass, StepBatch batch)
    {
        long begin = Stopwatch.GetTimestamp();
        inner.Run(pass, batch);
        return Stopwatch.GetElapsedTime(begin).TotalSeconds;
    }

    public void EmptyCaches()
    {
        using var memory = new NativeBuffer(CacheBytes / sizeof(float));
        new Span<float>(memory.Pointer, (int)memory.Count).Fill(1f);
    }

    public IProductPeer? OpenProductPeer(out string? reason)
    {
        reason = "cuBLAS is compared with on a GPU only";
        return null;
    }

    public void Forget(IPass pass) => inner.Forget(pass);

    public void CopyPages(KvCache cache, StepBatch batch)
    {
        if (batch.Copies.Length == 0) return;
        Watch("copy_pages", () => inner.CopyPages(cache, batch), () => ($"{batch.Copies.Length} pages", CpuCosts.CopyPages(cache.Shape, batch.Copies.Length)));
    }

    public void Embed(DeviceWeight table, StepBatch batch, ResidualStream residual, RmsNorm next) => Watch(
        "embed", () => inner.Embed(table, batch, residual, next), () => ($"{table.Columns}", CpuCosts.Embed((CpuWeight)table, batch.RowCount, (CpuWeight)next.Weight)));

    public void ProjectAndAppend(
        ResidualStream residual, AttentionProjection projection, DeviceRope rope, AttentionShape shape, StepBatch batch, KvCache cache, int layer,
        AttentionWorkspace workspace, DeviceTensor queries) => Watch(
        "project_append", () => inner.ProjectAndAppend(residual, projection, rope, shape, batch, cache, layer, workspace, queries),
        () => ($"{shape.Heads}+2*{shape.KvHeads} x {shape.HeadDim}", CpuCosts.ProjectAndAppend((CpuProjection)projection, shape, batch.RowCount)));

    public void Attend(DeviceTensor queries, AttentionShape shape, StepBatch batch, KvCache cache, int layer, AttentionWorkspace workspace, DeviceTensor output) => Watch(
        "attend", () => inner.Attend(queries, shape, batch, cache, layer, workspace, output),
        () => ($"{batch.Plan.Items.Length} items", CpuCosts.Attend(batch, shape)));

    public void LinearAdd(DeviceTensor input, DeviceWeight weight, StepBatch batch, ResidualStream residual, RmsNorm? next) => Watch(
        "linear_add", () => inner.LinearAdd(input, weight, batch, residual, next),
        () => ($"{weight.Rows} x {weight.Columns}", CpuCosts.LinearAdd((CpuWeight)weight, batch.RowCount, (CpuWeight?)next?.Weight)));

    public void GatedLinear(ResidualStream residual, DeviceWeight gate, DeviceWeight up, StepBatch batch, DeviceTensor output) => Watch(
        "gated_linear", () => inner.GatedLinear(residual, gate, up, batch, output),
        () => ($"2 x {gate.Rows} x {gate.Columns}", CpuCosts.GatedLinear((CpuWeight)gate, batch.RowCount)));

    public void RmsNormOutputRows(ResidualStream residual, RmsNorm norm, StepBatch batch, DeviceTensor output) => Watch(
        "rms_norm", () => inner.RmsNormOutputRows(residual, norm, batch, output),
        () => ($"{norm.Weight.Columns}", CpuCosts.RmsNorm((CpuWeight)norm.Weight, batch.OutputRows.Length)));

    public void Linear(DeviceTensor input, DeviceWeight weight, DeviceWeight? bias, Rows rows, DeviceTensor output) => Watch(
        "linear", () => inner.Linear(input, weight, bias, rows, output),
        () => ($"{weight.Rows} x {weight.Columns}", CpuCosts.Linear((CpuWeight)weight, (CpuWeight?)bias, rows.Count)));

    public void SampleTokens(DeviceTensor outputs, DeviceWeight head, StepBatch batch, DeviceTensor logits) => Watch(
        "linear_sample", () => inner.SampleTokens(outputs, head, batch, logits),
        () => ($"{head.Rows} x {head.Columns}", CpuCosts.SampleTokens((CpuWeight)head, batch.OutputRows.Length, batch.Sampled.Length)));

    public void Reward(DeviceTensor hidden, DeviceWeight head, RewardRows rows, StepBatch batch) => Watch(
        "reward", () => inner.Reward(hidden, head, rows, batch), () => ($"{head.Columns}", CpuCosts.Reward((CpuWeight)head, rows, batch.Rewarded.Length)));

    public Ceilings? ProbeCeilings() => inner.ProbeCeilings();

    public void ReadRow(DeviceTensor source, int row, Span<float> destination) => inner.ReadRow(source, row, destination);

    public void Dispose() => inner.Dispose();

    private void Watch(string operation, Action run, Func<(string Shape, OperationCost Cost)> describe)
    {
        if (_timings is not { } timings)
        {
            run();
            return;
        }
        var (shape, cost) = describe();
        long start = Stopwatch.GetTimestamp();
        run();
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        timings.Add(new OperationTiming(operation, shape, Stopwatch.GetElapsedTime(_begin, start).TotalSeconds, seconds, cost));
    }
}
