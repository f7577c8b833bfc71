using BenchmarkDotNet.Attributes;
using CudaSearch.Backends;
using CudaSearch.Backends.Cpu;
using CudaSearch.Cache;
using CudaSearch.Checkpoints;
using CudaSearch.Tests.Checkpoints;

namespace CudaSearch.Benchmarks.Backends;

/// <summary>What a pass of a 1B Llama does beside products and attention: the norm, rotation and append, and drawing from 128,256 logits.</summary>
public class RowBenchmark
{
    private const int Hidden = 2048;
    private const int Vocabulary = 128256;
    private static readonly AttentionShape s_shape = new(Heads: 32, KvHeads: 8, HeadDim: 64);

    private readonly TempFolder _folder = new();
    private readonly StepBatch _batch = new();
    private readonly WorkerPool _pool = new(Environment.ProcessorCount);
    private readonly RotateAndAppendOp<Lanes256> _rotateAndAppend = new();
    private readonly SampleOp<Lanes256> _sample = new();
    private readonly List<IDisposable> _owned = [];
    private SafeTensorsFile _file = null!;
    private IBackend _backend = null!;
    private RmsNorm _norm;
    private RopeTable _rope = null!;
    private CpuKvCache _cache = null!;
    private ResidualStream _residual = null!;
    private CpuTensor _normed = null!, _queries = null!, _keys = null!, _values = null!, _logits = null!;

    [Params(1, 32)]
    public int Rows { get; set; }

    [Params(1f, 0.95f)]
    public float TopP { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        string path = _folder.File("norm.safetensors");
        SafeTensorsWriter.Write(path, TensorData.Of("w", ElementType.BF16, [Hidden], Enumerable.Repeat(1f, Hidden).ToArray()));
        _file = SafeTensorsFile.Open(path);
        _backend = CpuBackend.Create();
        _norm = new RmsNorm(_backend.LoadWeight(_file.Tensors["w"], Axis.Plain(1), Axis.Plain(Hidden)), 1e-5f);
        _rope = new RopeTable([.. Enumerable.Range(0, s_shape.HeadDim / 2).Select(i => Math.Pow(500000, -2.0 * i / s_shape.HeadDim))]);
        _cache = Own(new CpuKvCache(new KvShape(1, 40 * Rows, s_shape.KvHeads, s_shape.HeadDim)));
        _residual = Own(_backend.AllocateResidual(Rows, Axis.Plain(Hidden)));
        (_normed, _queries) = (Activations(Hidden), Activations(Hidden));
        (_keys, _values, _logits) = (Activations(512), Activations(512), Activations(Vocabulary));
        var pool = new PagePool(40 * Rows);
        for (int i = 0; i < Rows; i++)
        {
            var table = new PageTable(pool);
            table.TryAppend(576, out _);
            int row = _batch.AddSequence([0], 575, table);
            _batch.AddSample(row, new SamplingParameters(Temperature: 0.8f, TopP, TopK: 0, MinP: 0, Uniform: 0.5f));
        }
        _batch.Complete();
        // Logits of a trained model's spread, so that few tokens hold the mass.
        var random = new Random(1);
        for (int row = 0; row < Rows; row++) Fill(_logits, row, () => 3f * (float)(random.NextDouble() + random.NextDouble() + random.NextDouble() + random.NextDouble()));
    }

    [Benchmark]
    public void RmsNorm() => _backend.RmsNormOutputRows(_residual, _norm, _batch, _normed);

    [Benchmark]
    public void RotateAndAppend() => _rotateAndAppend.Run(_pool, _queries, _keys, _values, _rope, s_shape, _batch, new RowSpan(0, _batch.RowCount), _cache, layer: 0);

    [Benchmark]
    public void Sample() => _sample.Run(_pool, (CpuTensor)_logits, _batch, new RowSpan(0, _batch.Sampled.Length));

    [GlobalCleanup]
    public void Cleanup()
    {
        foreach (IDisposable owned in _owned) owned.Dispose();
        _backend.Dispose();
        _pool.Dispose();
        _file.Dispose();
        _folder.Dispose();
    }

    private CpuTensor Activations(int columns) => Own(new CpuTensor(Rows, columns));

    private T Own<T>(T owned)
        where T : IDisposable
    {
        _owned.Add(owned);
        return owned;
    }

    private static unsafe void Fill(CpuTensor tensor, int row, Func<float> value)
    {
        float* to = tensor.Row(row);
        for (int i = 0; i < tensor.Columns; i++) to[i] = value();
    }
}
