using CudaSearch.Checkpoints;
using CudaSearch.Cuda;

namespace CudaSearch.Backends.Cuda;

/// <summary>
/// The operations on an NVIDIA GPU through the kernels of <c>kernels/</c>: bf16 weights, operands and KV pages, float32 sums. The first pass of a kind is
/// recorded as a CUDA graph; from then on a pass is one upload of its block, one graph launch and one read-back of tokens and rewards.
/// </summary>
public sealed partial class CudaBackend
{
    // Longer spans are computed tile by tile, each reading its own sequence's pages: they have queries enough to make that worth while.
    private const int MaxPlannedRows = 15;

    // Bytes of a partial state in those of a key and its value: twice the query heads of a key/value head, which is four in most models.
    private const int StateKeys = 8;

    // Two blocks a multiprocessor when every item makes eight, one a key/value head: fewer leave bandwidth unused.
    private const int ItemShare = 4;

    private readonly int _index;
    private readonly CudaContext _context;
    private readonly KernelLibrary _library;
    private readonly CudaStream _stream;
    private readonly PassKernels _kernels;
    private readonly ProductTable _products;
    private readonly SplitWorkspace _splits = new();
    private readonly bool _splitsProducts;
    private readonly WeightLoader _weights;
    private readonly bool _dependentLaunch;

    /// <summary>Opens a device.</summary>
    /// <param name="index">Its number, from 0, in the driver's order.</param>
    /// <param name="dependentLaunch">
    /// Whether kernels of a pass may start before the kernel before them has ended (programmatic dependent launch), on devices of compute capability 9.0,
    /// whose kernels know how to wait. It changes no result; false is for measuring what it saves.
    /// </param>
    /// <exception cref="CudaSearchException"><see cref="Failure.DeviceUnavailable"/>: no driver, no such device, or no kernels for it.</exception>
    public CudaBackend(int index = 0, bool dependentLaunch = true)
        : this(index, kernelFolder: null, dependentLaunch)
    {
    }

    /// <summary>As the other, with kernels from a folder, and others for the products of a layer than those shipped.</summary>
    internal CudaBackend(int index, string? kernelFolder, bool dependentLaunch = true, ProductTable? products = null)
    {
        _index = index;
        _products = products ?? ProductTable.Shipped;
        _dependentLaunch = dependentLaunch;
        _context = new CudaContext(index);
        try
        {
            _library = new KernelLibrary(_context, kernelFolder);
            _splitsProducts = _products.Splits;
            _stream = new CudaStream();
            _loaded = new CudaEvent();
            _splitsFree = new CudaEvent();
            _kernels = new PassKernels(_library, _products, _splits);
            _weights = new WeightLoader(_stream);
        }
        catch (Exception fault)
        {
            // What was made so far keeps the context until it is collected; the device's share of it goes with the context.
            _context.Dispose();
            if (fault is CudaException driver) throw Explain(driver);
            throw;
        }
    }

    /// <inheritdoc/>
    public string Name => "cuda";

    /// <inheritdoc/>
    public string Device => $"{_context.Name} (cuda:{_index}), {_library.Description}, bf16{(_dependentLaunch ? "" : ", kernels one after the other")}";

    /// <inheritdoc/>
    public long AvailableMemory => Guarded(() => _context.FreeMemory);

    /// <inheritdoc/>
    public double DefaultMemoryFraction => 0.9;

    /// <inheritdoc/>
    public PlanLimits PlanLimits => new(MaxPlannedRows, CudaWorkspace.MaxPartials, StateKeys, _context.MultiprocessorCount / ItemShare);

    /// <inheritdoc/>
    public long PageBytes(KvShape shape) => shape.Layers * CudaKvCache.PageBytesOf(shape);

    /// <inheritdoc/>
    public DeviceWeight LoadWeight(TensorView tensor, Axis rows, Axis columns, WeightUse use, WeightPrecision precision) =>
        Load(() => Reserved(_weights.Load(tensor, rows, columns, precision)));

    /// <inheritdoc/>
    public AttentionProjection LoadProjection(
        QueryKeyValue<TensorView> weights, QueryKeyValue<TensorView>? biases, AttentionShape shape, Axis hidden, WeightPrecision precision)
    {
        Axis queries = Axis.OfHeads(shape.Heads, shape.HeadDim), keys = Axis.OfHeads(shape.KvHeads, shape.HeadDim);
        return Load(() =>
        {
            CudaWeight weight = Reserved(_weights.LoadMatrix(Parts(weights), hidden, precision));
            return new CudaProjection(weight, biases is { } vectors ? _weights.LoadVector(Parts(vectors)) : null);
        });

        WeightPart[] Parts(QueryKeyValue<TensorView> of) => [new(of.Query, queries, Paired: true), new(of.Key, keys, Paired: true), new(of.Value, keys)];
    }

    /// <inheritdoc/>
    public DeviceRope LoadRope(double[] inverseFrequencies, int positions) => Guarded(() => CudaRope.Load(inverseFrequencies, positions));

    /// <inheritdoc/>
    public DeviceTensor Allocate(int rows, Axis columns, ActivationType type) =>
        Guarded(() => new CudaTensor(PassKind.RoundUp(rows), columns.Length, Padding.Length(columns), type));

    /// <inheritdoc/>
    public ResidualStream AllocateResidual(int rows, Axis columns) => Guarded(() => new CudaResidual(PassKind.RoundUp(rows), columns));

    /// <inheritdoc/>
    public AttentionWorkspace AllocateWorkspace(AttentionShape shape, int rows, KvPrecision precision)
    {
        int group = shape.Heads / shape.KvHeads;
        if (shape.HeadDim > Padding.MaxHeadSize || shape.HeadDim % 2 != 0 || group > AttentionHead.MaxGroup)
            throw CudaSearchException.BadInput(
                $"the model's attention has heads of {shape.HeadDim} elements and {group} query heads to a key/value head; on a GPU an even size up to "
                + $"{Padding.MaxHeadSize} and groups up to {AttentionHead.MaxGroup} are supported; use --device cpu");
        return Load(() => new CudaWorkspace(shape, rows, precision, _stream));
    }

    /// <inheritdoc/>
    public KvCache AllocateCache(KvShape shape) => Guarded(() => new CudaKvCache(shape));

    /// <inheritdoc/>
    public void CopyPages(KvCache cache, StepBatch batch)
    {
        if (!_lane.Kind.Wants.HasFlag(PassWants.Copies)) return;
        var pages = (CudaKvCache)cache;
        _profiler?.Expect($"{batch.Copies.Length} pages", CopyPagesKernel.Cost(batch.Copies.Length, pages.PageBytes, pages.Shape.Layers));
        _kernels.CopyPages.Launch(_lane.Stream, _lane.Buffers.Block, pages.Pages, pages.LayerBytes, checked((int)pages.PageBytes), pages.Shape.Layers);
    }

    /// <inheritdoc/>
    public void Embed(DeviceWeight table, StepBatch batch, ResidualStream residual, RmsNorm next)
    {
        var (embedding, stream) = (AsStored(table), (CudaResidual)residual);
        _profiler?.Expect($"{embedding.PaddedColumns}", EmbedKernel.Cost(batch.RowCount, embedding.PaddedColumns));
        _kernels.Embed.Launch(
            _lane.Stream, _lane.Kind.RowCapacity, _lane.Buffers.Block, embedding.Pointer, stream.Sums.Pointer, stream.Prepare(next), embedding.PaddedColumns);
    }

    /// <inheritdoc/>
    public void ProjectAndAppend(
        ResidualStream residual, AttentionProjection projection, DeviceRope rope, AttentionShape shape, StepBatch batch, KvCache cache, int layer,
        AttentionWorkspace workspace, DeviceTensor queries)
    {
        var (by, pages, own) = ((CudaProjection)projection, (CudaKvCache)cache, (CudaWorkspace)workspace);
        AttentionShape padded = Padding.Shape(shape);
        AppendE4M3Kernel? append = _kernels.Attention(padded.HeadDim, pages.Shape.Precision).Append;
        DevicePointer to = append is null ? pages.Layer(layer) : own.Staged ?? throw new ArgumentException("the workspace is for another precision", nameof(workspace));
        _profiler?.Expect(
            $"{by.Weight.PaddedRows} x {by.Weight.PaddedColumns}",
            ProjectAppendKernel.Cost(batch.RowCount, padded.Heads, padded.KvHeads, padded.HeadDim, by.Weight.PaddedColumns, by.Bias is not null, by.Weight.Precision));
        _kernels.Layer(by.Weight).ProjectAppend.Launch(
            _lane.Stream, _lane.Buffers.Block, ((CudaResidual)residual).Normed, by.Weight.Pointer, by.Bias?.Pointer ?? default, ((CudaRope)rope).Angles,
            Operands(queries).Pointer, to, padded.Heads, padded.KvHeads, padded.HeadDim, _lane.Kind.RowCapacity, by.Weight.PaddedColumns,
            rowsAreSlots: append is not null);
        if (append is null) return;
        _profiler?.Expect($"2 x {padded.KvHeads} x {padded.HeadDim}", AppendE4M3Kernel.Cost(batch.RowCount, padded.KvHeads, padded.HeadDim));
        append.Launch(_lane.Stream, _lane.Kind.RowCapacity, _lane.Buffers.Block, to, pages.Layer(layer), padded.KvHeads);
    }

    /// <inheritdoc/>
    public void Attend(
        DeviceTensor queries, AttentionShape shape, StepBatch batch, KvCache cache, int layer, AttentionWorkspace workspace, DeviceTensor output)
    {
        DevicePointer pages = ((CudaKvCache)cache).Layer(layer), q = Operands(queries).Pointer, to = Operands(output).Pointer;
        KvPrecision precision = cache.Shape.Precision;
        AttentionKernels kernels = _kernels.Attention(Padding.HeadSize(shape.HeadDim), precision);
        // The scale is that of the heads' true size.
        float scale = AttentionHead.ScaleLog2(shape.HeadDim);
        if (_lane.Kind.Wants.HasFlag(PassWants.PlannedAttention))
        {
            _profiler?.Expect($"{batch.Plan.Items.Length} items", AttendRangesKernel.Cost(batch, Padding.Shape(shape), precision));
            kernels.Ranges.Launch(
                _lane.Stream, kernels.Ranges.Blocks(_context.MultiprocessorCount), _lane.Buffers.Block, q, pages, ((CudaWorkspace)workspace).Pointers, to,
                shape.Heads, shape.KvHeads, scale);
        }
        if (_lane.Kind.TileCapacity > 0)
        {
            _profiler?.Expect($"{batch.UnplannedSpans.Length} spans", AttendPrefillKernel.Cost(batch, Padding.Shape(shape), precision));
            kernels.Prefill.Launch(_lane.Stream, _lane.Kind.TileCapacity, _lane.Buffers.Block, q, pages, cache.Shape.Pages, to, shape.Heads, shape.KvHeads, scale);
        }
    }

    /// <inheritdoc/>
    public void LinearAdd(DeviceTensor input, DeviceWeight weight, StepBatch batch, ResidualStream residual, RmsNorm? next)
    {
        var (matrix, stream) = ((CudaWeight)weight, (CudaResidual)residual);
        _profiler?.Expect(
            $"{matrix.PaddedRows} x {matrix.PaddedColumns}",
            LinearAddKernel.Cost(batch.RowCount, matrix.PaddedRows, matrix.PaddedColumns, hasNext: next is not null, matrix.Precision));
        _kernels.Layer(matrix).LinearAdd.Launch(
            _lane.Stream, _lane.Buffers.Block, Operands(input).Pointer, matrix.Pointer, stream.Sums.Pointer, stream.Prepare(next), _lane.Kind.RowCapacity,
            matrix.PaddedRows, matrix.PaddedColumns);
    }

    /// <inheritdoc/>
    public void GatedLinear(ResidualStream residual, DeviceWeight gate, DeviceWeight up, StepBatch batch, DeviceTensor output)
    {
        var matrix = (CudaWeight)gate;
        _profiler?.Expect(
            $"2 x {matrix.PaddedRows} x {matrix.PaddedColumns}",
            GatedLinearKernel.Cost(batch.RowCount, matrix.PaddedRows, matrix.PaddedColumns, matrix.Precision));
        _kernels.Layer(matrix).GatedLinear.Launch(
            _lane.Stream, _lane.Buffers.Block, ((CudaResidual)residual).Normed, matrix.Pointer, ((CudaWeight)up).Pointer, Operands(output).Pointer,
            _lane.Kind.RowCapacity, matrix.PaddedRows, matrix.PaddedColumns);
    }

    /// <inheritdoc/>
    public void RmsNormOutputRows(ResidualStream residual, RmsNorm norm, StepBatch batch, DeviceTensor output)
    {
        CudaTensor from = ((CudaResidual)residual).Sums;
        _profiler?.Expect($"{from.PaddedColumns}", RmsNormKernel.Cost(batch.OutputRows.Length, from.PaddedColumns));
        _kernels.RmsNorm.Launch(
            _lane.Stream, _lane.Kind.OutputCapacity, _lane.Buffers.Block, (int)RowSet.Outputs, from.Pointer, ((CudaWeight)norm.Weight).Pointer,
            Operands(output).Pointer, from.Columns, from.PaddedColumns, norm.Epsilon);
    }

    /// <inheritdoc/>
    public void Linear(DeviceTensor input, DeviceWeight weight, DeviceWeight? bias, Rows rows, DeviceTensor output)
    {
        var (matrix, to) = (AsStored(weight), (CudaTensor)output);
        LinearOutput kind = to.Type == ActivationType.Sum ? LinearOutput.Float32 : LinearOutput.BFloat16;
        _profiler?.Expect(
            $"{matrix.PaddedRows} x {matrix.PaddedColumns}", LinearKernel.Cost(rows.Count, matrix.PaddedRows, matrix.PaddedColumns, kind, bias is not null));
        _kernels.Linear.Launch(
            _lane.Stream, _lane.Buffers.Block, Operands(input).Pointer, matrix.Pointer, ((CudaWeight?)bias)?.Pointer ?? default, to.Pointer,
            (int)rows.Set, _lane.Kind.Capacity(rows), matrix.PaddedRows, matrix.PaddedColumns, kind);
    }

    /// <inheritdoc/>
    public void SampleTokens(DeviceTensor outputs, DeviceWeight head, StepBatch batch, DeviceTensor logits)
    {
        if (_lane.Kind.Wants.HasFlag(PassWants.StoredLogits))
        {
            CudaTensor stored = Sums(logits);
            Linear(outputs, head, bias: null, batch.GatheredRows, stored);
            _profiler?.Expect($"{stored.Columns}", SampleKernel.Cost(batch.Sampled.Length, stored.Columns));
            _kernels.Sample.Launch(
                _lane.Stream, _lane.Kind.OutputCapacity, _lane.Buffers.Block, stored.Pointer, stored.Columns, stored.PaddedColumns, _lane.Buffers.Tokens,
                _lane.Buffers.LogProbabilities);
            return;
        }
        CudaWeight matrix = AsStored(head);
        _profiler?.Expect(
            $"{matrix.Rows} x {matrix.PaddedColumns}", LinearSampleKernel.Cost(batch.OutputRows.Length, matrix.Rows, matrix.PaddedColumns));
        _kernels.LinearSample.Launch(
            _lane.Stream, _lane.Buffers.Block, Operands(outputs).Pointer, matrix.Pointer, _lane.Buffers.Race, _lane.Buffers.Tokens, _lane.Kind.OutputCapacity,
            matrix.Rows, matrix.PaddedColumns);
    }

    /// <inheritdoc/>
    public void Reward(DeviceTensor hidden, DeviceWeight head, RewardRows rows, StepBatch batch)
    {
        CudaTensor from = Operands(hidden);
        _profiler?.Expect($"{from.PaddedColumns}", RewardKernel.Cost(batch.Rewarded.Length, from.PaddedColumns, rows));
        _kernels.Reward.Launch(
            _lane.Stream, _lane.Kind.OutputCapacity, _lane.Buffers.Block, from.Pointer, AsStored(head).Pointer, rows, from.PaddedColumns,
            _lane.Buffers.Rewards);
    }

    /// <inheritdoc/>
    public void ReadRow(DeviceTensor source, int row, Span<float> destination)
    {
        try
        {
            _context.SetCurrent();
            Sums(source).ReadRow(row, destination);
        }
        catch (CudaException fault)
        {
            throw Explain(fault);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _timing?.Dispose();
        _epoch?.Dispose();
        foreach (PassLane lane in _lanes.Values) lane.Dispose();
        _splits.Dispose();
        _splitsFree.Dispose();
        _weights.Dispose();
        _loaded.Dispose();
        _stream.Dispose();
        _library.Dispose();
        _context.Dispose();
    }

    // Splits of a product with it will find room.
    private CudaWeight Reserved(CudaWeight weight)
    {
        if (!_splitsProducts || weight.Precision != WeightPrecision.Stored) return weight;
        _context.Synchronize();
        if (!_splits.Reserve(weight.PaddedRows, weight.PaddedColumns, _stream)) return weight;
        foreach (PassLane lane in _lanes.Values) lane.Graphs.Clear();
        return weight;
    }

    // Layers have products with weights in e4m3; embeddings, output matrices and reward heads are bf16.
    private static CudaWeight AsStored(DeviceWeight weight) => ((CudaWeight)weight) is { Precision: WeightPrecision.Stored } stored
        ? stored
        : throw new ArgumentException("the operation wants a weight in bf16", nameof(weight));

    private static CudaTensor Sums(DeviceTensor tensor) => Typed(tensor, ActivationType.Sum);

    private static CudaTensor Operands(DeviceTensor tensor) => Typed(tensor, ActivationType.Operand);

    private static CudaTensor Typed(DeviceTensor tensor, ActivationType type)
    {
        var typed = (CudaTensor)tensor;
        return typed.Type == type ? typed : throw new ArgumentException($"the operation wants activations of type {type}, these are {typed.Type}", nameof(tensor));
    }

    private T Guarded<T>(Func<T> make)
    {
        try
        {
            _context.SetCurrent();
            return make();
        }
        catch (CudaException fault)
        {
            throw Explain(fault);
        }
    }

    private CudaSearchException Explain(CudaException fault) => fault.Code == CudaResult.OutOfMemory
        ? new CudaSearchException(Failure.OutOfMemory, $"{_context.Name} (cuda:{_index}) is out of memory: {fault.Message}; lower --memory, or end other processes on it", fault)
        : new CudaSearchException(Failure.DeviceUnavailable, $"{_context.Name} (cuda:{_index}) failed: {fault.Message}; what was done before is kept", fault);
}
