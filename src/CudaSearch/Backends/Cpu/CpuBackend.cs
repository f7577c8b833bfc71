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
    /// <param name="precision">What matrices are kept in.</param>
    public static IBackend Create(int threads = 0, string? path = null, WeightPrecision precision = WeightPrecision.Stored)
    {
        if (threads < 0) throw CudaSearchException.BadInput($"threads is {threads}; it must be 1 or greater, or 0 for all cores");
        path ??= Paths[0];
        if (!Paths.Contains(path))
            throw new CudaSearchException(Failure.DeviceUnavailable, $"this processor has no {path} path; it has {string.Join(", ", Paths)}");
        if (threads == 0) threads = Environment.ProcessorCount;
        NativePath? native = NativeLibraryFile.Paths.Contains(path) ? new NativePath(path, precision) : null;
        if (native is null && precision == WeightPrecision.Int8)
        {
            throw new CudaSearchException(
                Failure.DeviceUnavailable, $"int8 weights need the native library and AVX-512 VNNI: {NativeFault ?? $"the path {path} is managed"}; leave --weights out");
        }
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
    private readonly CpuTeam<T> _all;
    private readonly SharedPass<T> _shared;
    private readonly NativePath? _native;
    private readonly Lock _copying = new();
    private bool _copied;

    public CpuBackend(int threads, NativePath? native)
    {
        _native = native;
        _all = new CpuTeam<T>(new WorkerPool(threads), native);
        _shared = new SharedPass<T>(_all.Pool, native);
    }

    public string Name => "cpu";

    public string Device => $"CPU, {_all.Pool.ThreadCount} {(_all.Pool.ThreadCount == 1 ? "thread" : "threads")}, {T.Name}, {(_native is null ? "managed" : _native.Name)} matmul{(_native?.Precision == WeightPrecision.Int8 ? ", int8 weights" : "")}";

    public long AvailableMemory => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    public double DefaultMemoryFraction => 0.5;

    public PlanLimits PlanLimits => PlanLimits.None;

    public long PageBytes(KvShape shape) => 2L * shape.Layers * shape.Heads * shape.HeadDim * PagePool.PageSize * sizeof(float);

    public DeviceWeight LoadWeight(TensorView tensor, Axis rows, Axis columns, WeightUse use) =>
        use == WeightUse.Lookup || tensor.Shape.Count < 2 ? new CpuWeight(tensor) : _native?.Load(_all.Pool, tensor) ?? CpuWeight.OfMatrix(_all.Pool, tensor);

    public AttentionProjection LoadProjection(QueryKeyValue<TensorView> weights, QueryKeyValue<TensorView>? biases, AttentionShape shape, Axis hidden)
    {
        Axis queries = Axis.OfHeads(shape.Heads, shape.HeadDim), keys = Axis.OfHeads(shape.KvHeads, shape.HeadDim);
        return new CpuProjection(
            new(Matrix(weights.Query, queries), Matrix(weights.Key, keys), Matrix(weights.Value, keys)),
            biases is { } vectors ? new(new CpuWeight(vectors.Query), new CpuWeight(vectors.Key), new CpuWeight(vectors.Value)) : default);

        CpuWeight Matrix(TensorView tensor, Axis rows) => (CpuWeight)LoadWeight(tensor, rows, hidden, WeightUse.Product);
    }

    public DeviceRope LoadRope(double[] inverseFrequencies, int positions) => new RopeTable(inverseFrequencies);

    public DeviceTensor Allocate(int rows, Axis columns, ActivationType type) => new CpuTensor(rows, columns.Length);

    public ResidualStream AllocateResidual(int rows, Axis columns) => new CpuResidual(rows, columns.Length);

    public KvCache AllocateCache(KvShape shape) => new CpuKvCache(shape);

    public AttentionWorkspace AllocateWorkspace(AttentionShape shape, int rows) => new CpuWorkspace(shape, rows);

    public void Run(IPass pass, StepBatch batch)
    {
        _copied = false;
        if (!_shared.TryRun(pass, batch)) pass.Issue(batch);
    }

    public void Forget(IPass pass)
    {
    }

    public void CopyPages(KvCache cache, StepBatch batch)
    {
        if (batch.Copies.Length == 0) return;
        if (!SharedPass<T>.TryFind(out _, out _))
        {
            Copy((CpuKvCache)cache, batch);
            return;
        }
        // Copies come in order and before everything else: of the threads that share a pass the first to come makes them all.
        lock (_copying)
        {
            if (!_copied) Copy((CpuKvCache)cache, batch);
            _copied = true;
        }
    }

    public void Embed(DeviceWeight table, StepBatch batch, ResidualStream residual, RmsNorm next)
    {
        (CpuTeam<T> team, PassShare share) = Place(batch);
        var stream = (CpuResidual)residual;
        EmbedOp.Run((CpuWeight)table, batch, share.Rows, stream.Sums);
        Norm(team, stream, next, share.Rows);
    }

    public void ProjectAndAppend(
        ResidualStream residual, AttentionProjection projection, DeviceRope rope, AttentionShape shape, StepBatch batch, KvCache cache, int layer,
        AttentionWorkspace workspace, DeviceTensor queries)
    {
        (CpuTeam<T> team, PassShare share) = Place(batch);
        CpuTensor normed = ((CpuResidual)residual).Normed;
        var (by, own, to) = ((CpuProjection)projection, (CpuWorkspace)workspace, (CpuTensor)queries);
        team.Linear.Run(
            team.Pool, normed, share.Rows, new LinearProduct(by.Weights.Query, by.Biases.Query, to),
            new LinearProduct(by.Weights.Key, by.Biases.Key, own.Keys), new LinearProduct(by.Weights.Value, by.Biases.Value, own.Values));
        team.RotateAndAppend.Run(team.Pool, to, own.Keys, own.Values, (RopeTable)rope, shape, batch, share.Rows, (CpuKvCache)cache, layer);
    }

    public void Attend(DeviceTensor queries, AttentionShape shape, StepBatch batch, KvCache cache, int layer, AttentionWorkspace workspace, DeviceTensor output)
    {
        (CpuTeam<T> team, PassShare share) = Place(batch);
        team.Attention.Run(team.Pool, (CpuTensor)queries, shape, batch, share.Rows, (CpuKvCache)cache, layer, (CpuTensor)output);
    }

    public void LinearAdd(DeviceTensor input, DeviceWeight weight, StepBatch batch, ResidualStream residual, RmsNorm? next)
    {
        (CpuTeam<T> team, PassShare share) = Place(batch);
        var stream = (CpuResidual)residual;
        team.Linear.Run(team.Pool, (CpuTensor)input, share.Rows, new LinearProduct((CpuWeight)weight, null, stream.Sums, Add: true));
        if (next is { } norm) Norm(team, stream, norm, share.Rows);
    }

    public void GatedLinear(ResidualStream residual, DeviceWeight gate, DeviceWeight up, StepBatch batch, DeviceTensor output)
    {
        (CpuTeam<T> team, PassShare share) = Place(batch);
        team.GatedLinear.Run(team.Pool, ((CpuResidual)residual).Normed, (CpuWeight)gate, (CpuWeight)up, share.Rows, (CpuTensor)output);
    }

    public void RmsNormOutputRows(ResidualStream residual, RmsNorm norm, StepBatch batch, DeviceTensor output)
    {
        (CpuTeam<T> team, PassShare share) = Place(batch);
        team.RmsNorm.Run(team.Pool, ((CpuResidual)residual).Sums, (CpuWeight)norm.Weight, norm.Epsilon, share.Outputs, gather: batch, (CpuTensor)output);
    }

    public void Linear(DeviceTensor input, DeviceWeight weight, DeviceWeight? bias, Rows rows, DeviceTensor output)
    {
        bool shared = SharedPass<T>.TryFind(out CpuTeam<T>? single, out PassShare share);
        RowSpan span = !shared ? new RowSpan(0, rows.Count) : rows.Set == RowSet.All ? share.Rows : share.Outputs;
        CpuTeam<T> team = single ?? _all;
        team.Linear.Run(team.Pool, (CpuTensor)input, span, new LinearProduct((CpuWeight)weight, (CpuWeight?)bias, (CpuTensor)output));
    }

    public void SampleTokens(DeviceTensor outputs, DeviceWeight head, StepBatch batch, DeviceTensor logits)
    {
        (CpuTeam<T> team, PassShare share) = Place(batch);
        Linear(outputs, head, bias: null, batch.GatheredRows, logits);
        team.Sample.Run(team.Pool, (CpuTensor)logits, batch, share.Draws);
    }

    public void Reward(DeviceTensor hidden, DeviceWeight head, RewardRows rows, StepBatch batch) =>
        RewardOp<T>.Run((CpuTensor)hidden, (CpuWeight)head, rows, batch, Place(batch).Share.Rewards);

    public Ceilings? ProbeCeilings() => _native is null ? null : new CeilingProbe(_all.Pool, _native).Measure();

    public void ReadRow(DeviceTensor source, int row, Span<float> destination) =>
        new ReadOnlySpan<float>(((CpuTensor)source).Row(row), source.Columns).CopyTo(destination);

    public void Dispose()
    {
        _shared.Dispose();
        _all.Dispose();
    }

    /// <summary>Who computes what: the calling thread its share of a shared pass, or all threads all of it.</summary>
    private (CpuTeam<T> Team, PassShare Share) Place(StepBatch batch) =>
        SharedPass<T>.TryFind(out CpuTeam<T>? single, out PassShare share) ? (single, share) : (_all, PassShare.Whole(batch));

    private static void Copy(CpuKvCache pages, StepBatch batch)
    {
        long bytes = (long)pages.HeadSize * pages.Shape.Heads * sizeof(float);
        foreach (PageCopy copy in batch.Copies)
        {
            for (int layer = 0; layer < pages.Shape.Layers; layer++)
            {
                Buffer.MemoryCopy(pages.Keys(layer, copy.Source, 0), pages.Keys(layer, copy.Destination, 0), bytes, bytes);
                Buffer.MemoryCopy(pages.Values(layer, copy.Source, 0), pages.Values(layer, copy.Destination, 0), bytes, bytes);
            }
        }
    }

    private static void Norm(CpuTeam<T> team, CpuResidual residual, RmsNorm norm, RowSpan rows) =>
        team.RmsNorm.Run(team.Pool, residual.Sums, (CpuWeight)norm.Weight, norm.Epsilon, rows, gather: null, residual.Normed);
}
