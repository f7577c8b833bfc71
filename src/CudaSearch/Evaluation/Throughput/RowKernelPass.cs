using CudaSearch.Backends;
using CudaSearch.Cache;
using CudaSearch.Checkpoints;

namespace CudaSearch.Evaluation.Throughput;

/// <summary>
/// The shortest pass that ends in one kernel over m rows: embeddings of random weights, their norm, a product of the norms, a token drawn from the product;
/// up to the kernel that is wanted. So it runs on what it meets in a model, and on numbers that are no zeros.
/// </summary>
internal sealed class RowKernelPass : IPass, IDisposable
{
    private const int Vocabulary = 64;
    private const float Epsilon = 1e-5f;

    // Enough columns to have something to multiply, where only the product's size matters.
    private const int NarrowWidth = 64;

    private readonly IBackend _backend;
    private readonly string _kernel;
    private readonly RandomWeights _random;
    private readonly PagePool _pool;
    private readonly PageTable _table;
    private readonly Stack<IDisposable> _owned = new();
    private readonly DeviceWeight _embedding, _norm;
    private readonly DeviceWeight? _weight, _up, _both;
    private readonly DeviceTensor _hidden, _normed;
    private readonly DeviceTensor? _output, _bothOutput;

    /// <param name="backend">Where to run.</param>
    /// <param name="kernel">rms_norm, linear, gated_linear or sample.</param>
    /// <param name="m">Rows.</param>
    /// <param name="n">Output columns of the product, the vocabulary for sample, the width for rms_norm.</param>
    /// <param name="k">Input columns of the product; null where there is nothing to choose.</param>
    /// <param name="withPeer">Whether somebody else's product is to be timed on the same operands.</param>
    public RowKernelPass(IBackend backend, string kernel, int m, int n, int? k, bool withPeer)
    {
        (_backend, _kernel) = (backend, kernel);
        int width = kernel == "rms_norm" ? n : k ?? NarrowWidth;
        bool multiplies = kernel != "rms_norm", isGated = kernel == "gated_linear";
        _random = Own(new RandomWeights(Math.Max((long)Vocabulary * width, multiplies ? 2L * n * width : 0), seed: 1, apart: backend.Name == "cpu"));
        _embedding = Load("embedding", Vocabulary, width);
        _norm = Own(backend.LoadWeight(_random.Tensor("norm", width), Axis.Plain(1), Axis.Plain(width)));
        _hidden = Own(backend.Allocate(m, Axis.Plain(width), ActivationType.Sum));
        _normed = Own(backend.Allocate(m, Axis.Plain(width), ActivationType.Operand));
        if (multiplies)
        {
            _weight = Load("weight", n, width);
            if (isGated) _up = Load("up", n, width);
            _output = Own(backend.Allocate(m, Axis.Plain(n), kernel == "sample" ? ActivationType.Sum : ActivationType.Operand));
        }
        if (withPeer && isGated)
        {
            _both = Load("gate and up", 2 * n, width);
            _bothOutput = Own(backend.Allocate(m, Axis.Plain(2 * n), ActivationType.Operand));
        }
        _pool = new PagePool(PagePool.PagesFor(m));
        _table = Own(new PageTable(_pool));
        if (!_table.TryAppend(m, out _)) throw new InvalidOperationException("the pool is smaller than planned");
        int first = Batch.AddSequence([.. Enumerable.Range(0, m).Select(i => i % Vocabulary)], 0, _table);
        if (kernel == "sample")
            for (int row = 0; row < m; row++) Batch.AddSample(first + row, new SamplingParameters(Temperature: 0.8f, TopP: 1f, TopK: 0, MinP: 0f, Uniform: 0.5f, Key: (ulong)row));
        Batch.Complete(backend.PlanLimits, share: true);
    }

    /// <summary>The m rows.</summary>
    public StepBatch Batch { get; } = new();

    /// <inheritdoc/>
    public AttentionShape Attention => new(1, 1, 64);

    /// <inheritdoc/>
    public void Issue(StepBatch batch)
    {
        _backend.Embed(_embedding, batch, _hidden);
        if (_kernel == "sample")
        {
            _backend.RmsNormOutputRows(_hidden, _norm, Epsilon, batch, _normed);
            _backend.Linear(_normed, _weight!, bias: null, batch.GatheredRows, _output!);
            _backend.Sample(_output!, batch);
            return;
        }
        _backend.RmsNorm(_hidden, _norm, Epsilon, batch.AllRows, _normed);
        if (_kernel == "linear") _backend.Linear(_normed, _weight!, bias: null, batch.AllRows, _output!);
        if (_kernel == "gated_linear") _backend.GatedLinear(_normed, _weight!, _up!, batch.AllRows, _output!);
    }

    /// <summary>Times the product on the operands of the last pass; a gated one as a product with both weights at once, without the gate.</summary>
    public double TimePeer(IProductPeer peer) => peer.Time(_normed, _both ?? _weight!, Batch.RowCount, _bothOutput ?? _output!);

    /// <inheritdoc/>
    public void Dispose()
    {
        _backend.Forget(this);
        while (_owned.TryPop(out IDisposable? owned)) owned.Dispose();
    }

    private DeviceWeight Load(string name, int rows, int columns) =>
        Own(_backend.LoadWeight(_random.Tensor(name, rows, columns), Axis.Plain(rows), Axis.Plain(columns)));

    private T Own<T>(T owned)
        where T : IDisposable
    {
        _owned.Push(owned);
        return owned;
    }
}
