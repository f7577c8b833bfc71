using System.Runtime.Intrinsics;
using CudaSearch.Backends.Cpu.Native;
using CudaSearch.Cache;
using CudaSearch.Checkpoints;

namespace CudaSearch.Backends.Cpu;

/// <summary>Makes CPU backends.</summary>
public static class CpuBackend
{
    /// <summary>The paths this processor can run, best first: those of the native library where it was built, then the managed ones, widest first.</summary>
    public static IReadOnlyList<string> Paths => [.. NativeLibraryFile.Paths, .. ManagedPaths];

    /// <summary>The paths in C#.</summary>
    public static IReadOnlyList<string> ManagedPaths
    {
        get
        {
            var paths = new List<string>();
            if (Vector512.IsHardwareAccelerated) paths.Add(Lanes512.Name);
            if (Vector256.IsHardwareAccelerated) paths.Add(Lanes256.Name);
            paths.Add(LanesScalar.Name);
            return paths;
        }
    }

    /// <summary>The native library's file; null where there is none.</summary>
    public static string? NativeLibrary => NativeLibraryFile.File;

    /// <summary>Why the native library is not used, and what to do; null when it is.</summary>
    public static string? NativeFault => NativeLibraryFile.Fault;

    /// <summary>A backend on this machine's processor.</summary>
    /// <param name="threads">Threads to compute with; 0 takes all cores.</param>
    /// <param name="path">One of <see cref="Paths"/>; null takes the first.</param>
    public static IBackend Create(int threads = 0, string? path = null)
    {
        if (threads < 0) throw CudaSearchException.BadInput($"threads is {threads}; it must be 1 or greater, or 0 for all cores");
        path ??= Paths[0];
        if (!Paths.Contains(path))
            throw new CudaSearchException(Failure.DeviceUnavailable, $"this processor has no {path} path; it has {string.Join(", ", Paths)}");
        if (threads == 0) threads = Environment.ProcessorCount;
        NativePath? native = NativeLibraryFile.Paths.Contains(path) ? new NativePath(path) : null;
        string lanes = native is null ? path : ManagedPaths[0];
        if (lanes == Lanes512.Name) return new CpuBackend<Lanes512>(threads, native);
        return lanes == Lanes256.Name ? new CpuBackend<Lanes256>(threads, native) : new CpuBackend<LanesScalar>(threads, native);
    }

    /// <summary>The same backend with a stopwatch beside each operation; it goes with the result. Models to be taken apart are made on the result.</summary>
    public static IProfiledBackend WithStopwatch(IBackend backend) => new ProfiledCpuBackend(backend);
}

/// <summary>
/// The operations on the processor: weights as the checkpoint stores them, float32 activations, all cores. Products and attention are native where a path
/// is given; the rest is C#.
/// </summary>
internal sealed unsafe class CpuBackend<T> : IBackend
    where T : struct, ILanes<T>
{
    private readonly WorkerPool _pool;
    private readonly RmsNormOp<T> _rmsNorm = new();
    private readonly ILinearOp _linear = new LinearOp<T>();
    private readonly IGatedLinearOp _gatedLinear = new GatedLinearOp<T>();
    private readonly RotateAndAppendOp<T> _rotateAndAppend = new();
    private readonly IAttentionOp _attention = new AttentionOp<T>();
    private readonly SampleOp<T> _sample = new();
    private readonly NativePath? _native;

    public CpuBackend(int threads, NativePath? native)
    {
        _pool = new WorkerPool(threads);
        _native = native;
        if (native is null) return;
        _linear = new NativeLinearOp(native);
        _gatedLinear = new NativeGatedLinearOp(native);
        _attention = new NativeAttentionOp(native, _attention);
    }

    public string Name => "cpu";

    public string Device => $"CPU, {_pool.ThreadCount} {(_pool.ThreadCount == 1 ? "thread" : "threads")}, {T.Name}, {(_native is null ? "managed" : _native.Name)} matmul";

    public long AvailableMemory => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    public double DefaultMemoryFraction => 0.5;

    public PlanLimits PlanLimits => PlanLimits.None;

    public long PageBytes(KvShape shape) => shape.Layers * CpuKvCache.PageBytesOf(shape);

    public DeviceWeight LoadWeight(TensorView tensor, Axis rows, Axis columns, WeightUse use, WeightPrecision precision)
    {
        if (use == WeightUse.Lookup || tensor.Shape.Count < 2) return new CpuWeight(tensor);
        if (_native is not null) return _native.Load(_pool, tensor, precision);
        if (precision != WeightPrecision.Stored)
        {
            throw new CudaSearchException(
                Failure.DeviceUnavailable,
                $"{precision.ToString().ToLowerInvariant()} weights need the native library: {CpuBackend.NativeFault ?? "this path is managed"}; leave --weights out");
        }
        return CpuWeight.OfMatrix(_pool, tensor);
    }

    public AttentionProjection LoadProjection(
        QueryKeyValue<TensorView> weights, QueryKeyValue<TensorView>? biases, AttentionShape shape, Axis hidden, WeightPrecision precision)
    {
        Axis queries = Axis.OfHeads(shape.Heads, shape.HeadDim), keys = Axis.OfHeads(shape.KvHeads, shape.HeadDim);
        return new CpuProjection(
            new(Matrix(weights.Query, queries), Matrix(weights.Key, keys), Matrix(weights.Value, keys)),
            biases is { } vectors ? new(new CpuWeight(vectors.Query), new CpuWeight(vectors.Key), new CpuWeight(vectors.Value)) : default);

        CpuWeight Matrix(TensorView tensor, Axis rows) => (CpuWeight)LoadWeight(tensor, rows, hidden, WeightUse.Product, precision);
    }

    public DeviceRope LoadRope(double[] inverseFrequencies, int positions) => new RopeTable(inverseFrequencies);

    public DeviceTensor Allocate(int rows, Axis columns, ActivationType type) => new CpuTensor(rows, columns.Length);

    public ResidualStream AllocateResidual(int rows, Axis columns) => new CpuResidual(rows, columns.Length);

    public KvCache AllocateCache(KvShape shape) => new CpuKvCache(shape);

    public AttentionWorkspace AllocateWorkspace(AttentionShape shape, int rows, KvPrecision precision) => new CpuWorkspace(shape, rows);

    public void Run(IPass pass, StepBatch batch) => pass.Issue(batch);

    public void Forget(IPass pass)
    {
    }

    public void CopyPages(KvCache cache, StepBatch batch)
    {
        var pages = (CpuKvCache)cache;
        foreach (PageCopy copy in batch.Copies)
        {
            for (int layer = 0; layer < pages.Shape.Layers; layer++) pages.CopyPage(layer, copy.Source, copy.Destination);
        }
    }

    public void Embed(DeviceWeight table, StepBatch batch, ResidualStream residual, RmsNorm next)
    {
        var stream = (CpuResidual)residual;
        EmbedOp.Run((CpuWeight)table, batch, stream.Sums);
        Norm(stream, next, batch.RowCount);
    }

    public void ProjectAndAppend(
        ResidualStream residual, AttentionProjection projection, DeviceRope rope, AttentionShape shape, StepBatch batch, KvCache cache, int layer,
        AttentionWorkspace workspace, DeviceTensor queries)
    {
        CpuTensor normed = ((CpuResidual)residual).Normed;
        var (by, own, to) = ((CpuProjection)projection, (CpuWorkspace)workspace, (CpuTensor)queries);
        _linear.Run(
            _pool, normed, batch.RowCount, new LinearProduct(by.Weights.Query, by.Biases.Query, to),
            new LinearProduct(by.Weights.Key, by.Biases.Key, own.Keys), new LinearProduct(by.Weights.Value, by.Biases.Value, own.Values));
        _rotateAndAppend.Run(_pool, to, own.Keys, own.Values, (RopeTable)rope, shape, batch, (CpuKvCache)cache, layer);
    }

    public void Attend(DeviceTensor queries, AttentionShape shape, StepBatch batch, KvCache cache, int layer, AttentionWorkspace workspace, DeviceTensor output) =>
        _attention.Run(_pool, (CpuTensor)queries, shape, batch, (CpuKvCache)cache, layer, (CpuTensor)output);

    public void LinearAdd(DeviceTensor input, DeviceWeight weight, StepBatch batch, ResidualStream residual, RmsNorm? next)
    {
        var stream = (CpuResidual)residual;
        _linear.Run(_pool, (CpuTensor)input, batch.RowCount, new LinearProduct((CpuWeight)weight, null, stream.Sums, Add: true));
        if (next is { } norm) Norm(stream, norm, batch.RowCount);
    }

    public void GatedLinear(ResidualStream residual, DeviceWeight gate, DeviceWeight up, StepBatch batch, DeviceTensor output) =>
        _gatedLinear.Run(_pool, ((CpuResidual)residual).Normed, (CpuWeight)gate, (CpuWeight)up, batch.RowCount, (CpuTensor)output);

    public void RmsNormOutputRows(ResidualStream residual, RmsNorm norm, StepBatch batch, DeviceTensor output) =>
        _rmsNorm.Run(
            _pool, ((CpuResidual)residual).Sums, (CpuWeight)norm.Weight, norm.Epsilon, batch.OutputRows.Length, gather: batch, (CpuTensor)output);

    public void Linear(DeviceTensor input, DeviceWeight weight, DeviceWeight? bias, Rows rows, DeviceTensor output) =>
        _linear.Run(_pool, (CpuTensor)input, rows.Count, new LinearProduct((CpuWeight)weight, (CpuWeight?)bias, (CpuTensor)output));

    public void SampleTokens(DeviceTensor outputs, DeviceWeight head, StepBatch batch, DeviceTensor logits)
    {
        Linear(outputs, head, bias: null, batch.GatheredRows, logits);
        _sample.Run(_pool, (CpuTensor)logits, batch);
    }

    public void Reward(DeviceTensor hidden, DeviceWeight head, RewardRows rows, StepBatch batch) =>
        RewardOp<T>.Run((CpuTensor)hidden, (CpuWeight)head, rows, batch);

    public Ceilings? ProbeCeilings(WeightPrecision precision) => _native is null ? null : new CeilingProbe(_pool, _native, precision).Measure();

    public void ReadRow(DeviceTensor source, int row, Span<float> destination) =>
        new ReadOnlySpan<float>(((CpuTensor)source).Row(row), source.Columns).CopyTo(destination);

    public void Dispose()
    {
        _pool.Dispose();
        (_linear as IDisposable)?.Dispose();
        _attention.Dispose();
        _native?.Dispose();
    }

    private void Norm(CpuResidual residual, RmsNorm norm, int rows) =>
        _rmsNorm.Run(_pool, residual.Sums, (CpuWeight)norm.Weight, norm.Epsilon, rows, gather: null, residual.Normed);
}
