using CudaSearch.Backends;
using CudaSearch.Cache;
using CudaSearch.Checkpoints;

namespace CudaSearch.Evaluation.Throughput;

/// <summary>
/// The shortest pass that ends in one kernel over m rows. A kernel that reads the residual stream follows the embeddings, which leave what its norm needs;
/// one that reads operands has them from a pass before (<see cref="OperandPass"/>). So it runs on what it meets in a model, and on numbers that are no zeros.
/// A linear layer of a model multiplies by weights in fp8 only where it adds to the residual stream, so that is what runs as linear with them.
/// </summary>
internal sealed class RowKernelPass : IPass, IDisposable
{
    private const float Epsilon = 1e-5f;

    private readonly IBackend _backend;
    private readonly string _kernel;
    private readonly RandomWeights _random;
    private readonly PagePool _pool;
    private readonly PageTable _table;
    private readonly Stack<IDisposable> _owned = new();
    private readonly DeviceWeight? _embedding, _weight, _up, _ofPeer;
    private readonly RmsNorm _norm;
    private readonly ResidualStream? _residual;
    private readonly DeviceTensor? _operands, _output, _outputOfPeer;
    private readonly bool _adds;

    /// <param name="backend">Where to run.</param>
    /// <param name="kernel">rms_norm, linear, gated_linear or sample.</param>
    /// <param name="m">Rows.</param>
    /// <param name="n">Output columns of the product, the vocabulary for sample, the width for rms_norm.</param>
    /// <param name="k">Input columns of the product; null for rms_norm.</param>
    /// <param name="precision">What the product's weights are kept in; a peer's are as stored.</param>
    /// <param name="withPeer">Whether somebody else's product is to be timed on the same operands.</param>
    public RowKernelPass(IBackend backend, string kernel, int m, int n, int? k, WeightPrecision precision, bool withPeer)
    {
        (_backend, _kernel) = (backend, kernel);
        bool multiplies = k is not null, isGated = kernel == "gated_linear", readsOperands = kernel is "linear" or "sample";
        _adds = kernel == "linear" && precision == WeightPrecision.Fp8;
        bool peerHasOwn = withPeer && (isGated || precision != WeightPrecision.Stored);
        int width = k ?? n, residualWidth = _adds ? n : width, peerRows = isGated ? 2 * n : n;
        long largest = Math.Max((long)OperandPass.Few * Math.Max(width, residualWidth), multiplies ? (long)(peerHasOwn ? peerRows : n) * width : 0);
        _random = Own(new RandomWeights(largest, seed: 1, apart: backend.Name == "cpu"));
        _pool = new PagePool(PagePool.PagesFor(m));
        _table = Own(new PageTable(_pool));
        if (!_table.TryAppend(m, out _)) throw new InvalidOperationException("the pool is smaller than planned");
        if (!readsOperands || _adds)
        {
            _embedding = Load("embedding", OperandPass.Few, residualWidth);
            _norm = new RmsNorm(Own(backend.LoadWeight(_random.Tensor("norm", residualWidth), Axis.Plain(1), Axis.Plain(residualWidth))), Epsilon);
            _residual = Own(backend.AllocateResidual(m, Axis.Plain(residualWidth)));
        }
        if (multiplies) _weight = Load("weight", n, width, precision);
        if (isGated) _up = Load("up", n, width, precision);
        _output = Own(backend.Allocate(m, Axis.Plain(n), kernel == "sample" ? ActivationType.Sum : ActivationType.Operand));
        if (peerHasOwn)
        {
            _ofPeer = Load("weight of the peer", peerRows, width);
            _outputOfPeer = Own(backend.Allocate(m, Axis.Plain(peerRows), ActivationType.Operand));
        }
        if (readsOperands || peerHasOwn)
        {
            _operands = Own(backend.Allocate(m, Axis.Plain(width), ActivationType.Operand));
            OperandPass.Fill(_operands, backend, _random, BatchOf(m));
        }
        Batch = BatchOf(m);
        for (int row = 0; row < m; row++)
        {
            if (kernel == "sample") Batch.AddSample(row, new SamplingParameters(Temperature: 0.8f, TopP: 1f, TopK: 0, MinP: 0f, Uniform: 0.5f, Key: (ulong)row));
            if (kernel == "rms_norm") Batch.AddLogits(row);
        }
        Batch.Complete(backend.PlanLimits, share: true);
    }

    /// <summary>The m rows.</summary>
    public StepBatch Batch { get; }

    /// <inheritdoc/>
    public AttentionShape Attention => OperandPass.NoAttention;

    /// <inheritdoc/>
    public long WeightBytes => sizeof(ushort) * (Elements(_weight) + Elements(_up));

    /// <inheritdoc/>
    public void Issue(StepBatch batch)
    {
        if (_residual is { } residual) _backend.Embed(_embedding!, batch, residual, _norm);
        switch (_kernel)
        {
            case "linear" when _adds: _backend.LinearAdd(_operands!, _weight!, batch, _residual!, _norm); break;
            case "linear": _backend.Linear(_operands!, _weight!, bias: null, new Rows(RowSet.All, batch.RowCount), _output!); break;
            case "sample": _backend.SampleTokens(_operands!, _weight!, batch, _output!); break;
            case "gated_linear": _backend.GatedLinear(_residual!, _weight!, _up!, batch, _output!); break;
            default: _backend.RmsNormOutputRows(_residual!, _norm, batch, _output!); break;
        }
    }

    /// <summary>Times the product on operands of its size; a gated one as a product with both weights at once, without the gate.</summary>
    public double TimePeer(IProductPeer peer) => peer.Time(_operands!, _ofPeer ?? _weight!, Batch.RowCount, _outputOfPeer ?? _output!);

    /// <inheritdoc/>
    public void Dispose()
    {
        _backend.Forget(this);
        while (_owned.TryPop(out IDisposable? owned)) owned.Dispose();
    }

    private StepBatch BatchOf(int m)
    {
        var batch = new StepBatch();
        batch.AddSequence([.. Enumerable.Range(0, m).Select(i => i % OperandPass.Few)], 0, _table);
        return batch;
    }

    private static long Elements(DeviceWeight? weight) => weight is null ? 0 : (long)weight.Rows * weight.Columns;

    private DeviceWeight Load(string name, int rows, int columns, WeightPrecision precision = WeightPrecision.Stored) =>
        Own(_backend.LoadWeight(_random.Tensor(name, rows, columns), Axis.Plain(rows), Axis.Plain(columns), WeightUse.Product, precision));

    private T Own<T>(T owned)
        where T : IDisposable
    {
        _owned.Push(owned);
        return owned;
    }
}
