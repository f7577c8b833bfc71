using CudaSearch.Backends;
using CudaSearch.Checkpoints;

namespace CudaSearch.Tests.Engine;

/// <summary>A backend whose passes the test holds back, so that what happens during a pass happens in every run; and which fails on demand.</summary>
internal sealed class GatedBackend(IBackend inner) : IBackend
{
    private readonly ManualResetEventSlim _open = new(initialState: true);
    private readonly SemaphoreSlim _entered = new(0);

    /// <summary>Thrown by the next pass.</summary>
    public Exception? Failure { get; set; }

    public string Name => inner.Name;

    public string Device => inner.Device;

    /// <summary>From now on passes wait at their beginning.</summary>
    public void Close() => _open.Reset();

    /// <summary>Lets the waiting pass, and all after it, go on.</summary>
    public void Open() => _open.Set();

    /// <summary>Waits until a pass has begun.</summary>
    public void AwaitPass() => Assert.True(_entered.Wait(TimeSpan.FromSeconds(30)), "no pass began");

    /// <summary>Forgets one pass that has begun before; false when there is none.</summary>
    public bool TryAwaitPass() => _entered.Wait(0);

    public void Run(IPass pass, StepBatch batch)
    {
        _entered.Release();
        _open.Wait();
        if (Failure is { } failure)
        {
            Failure = null;
            throw failure;
        }
        inner.Run(pass, batch);
    }

    public void Embed(DeviceWeight table, StepBatch batch, ResidualStream residual, RmsNorm next) => inner.Embed(table, batch, residual, next);

    public long AvailableMemory => inner.AvailableMemory;

    public double DefaultMemoryFraction => inner.DefaultMemoryFraction;

    public PlanLimits PlanLimits => inner.PlanLimits;

    public long PageBytes(KvShape shape) => inner.PageBytes(shape);

    public DeviceWeight LoadWeight(TensorView tensor, Axis rows, Axis columns, WeightUse use, WeightPrecision precision) =>
        inner.LoadWeight(tensor, rows, columns, use, precision);

    public AttentionProjection LoadProjection(
        QueryKeyValue<TensorView> weights, QueryKeyValue<TensorView>? biases, AttentionShape shape, Axis hidden, WeightPrecision precision) =>
        inner.LoadProjection(weights, biases, shape, hidden, precision);

    public DeviceRope LoadRope(double[] inverseFrequencies, int positions) => inner.LoadRope(inverseFrequencies, positions);

    public DeviceTensor Allocate(int rows, Axis columns, ActivationType type) => inner.Allocate(rows, columns, type);

    public ResidualStream AllocateResidual(int rows, Axis columns) => inner.AllocateResidual(rows, columns);

    public KvCache AllocateCache(KvShape shape) => inner.AllocateCache(shape);

    public AttentionWorkspace AllocateWorkspace(AttentionShape shape, int rows, KvPrecision precision) => inner.AllocateWorkspace(shape, rows, precision);

    public void Forget(IPass pass) => inner.Forget(pass);

    public void CopyPages(KvCache cache, StepBatch batch) => inner.CopyPages(cache, batch);

    public void ProjectAndAppend(
        ResidualStream residual, AttentionProjection projection, DeviceRope rope, AttentionShape shape, StepBatch batch, KvCache cache, int layer,
        AttentionWorkspace workspace, DeviceTensor queries) =>
        inner.ProjectAndAppend(residual, projection, rope, shape, batch, cache, layer, workspace, queries);

    public void Attend(DeviceTensor queries, AttentionShape shape, StepBatch batch, KvCache cache, int layer, AttentionWorkspace workspace, DeviceTensor output) =>
        inner.Attend(queries, shape, batch, cache, layer, workspace, output);

    public void LinearAdd(DeviceTensor input, DeviceWeight weight, StepBatch batch, ResidualStream residual, RmsNorm? next) =>
        inner.LinearAdd(input, weight, batch, residual, next);

    public void GatedLinear(ResidualStream residual, DeviceWeight gate, DeviceWeight up, StepBatch batch, DeviceTensor output) =>
        inner.GatedLinear(residual, gate, up, batch, output);

    public void RmsNormOutputRows(ResidualStream residual, RmsNorm norm, StepBatch batch, DeviceTensor output) =>
        inner.RmsNormOutputRows(residual, norm, batch, output);

    public void Linear(DeviceTensor input, DeviceWeight weight, DeviceWeight? bias, Rows rows, DeviceTensor output) =>
        inner.Linear(input, weight, bias, rows, output);

    public void SampleTokens(DeviceTensor outputs, DeviceWeight head, StepBatch batch, DeviceTensor logits) =>
        inner.SampleTokens(outputs, head, batch, logits);

    public void Reward(DeviceTensor hidden, DeviceWeight head, RewardRows rows, StepBatch batch) => inner.Reward(hidden, head, rows, batch);

    public void ReadRow(DeviceTensor source, int row, Span<float> destination) => inner.ReadRow(source, row, destination);

    public void Dispose() => inner.Dispose();
}
