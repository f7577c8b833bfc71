using BenchmarkDotNet.Attributes;
using CudaSearch.Backends;
using CudaSearch.Backends.Cpu;
using CudaSearch.Cache;

namespace CudaSearch.Benchmarks.Backends;

/// <summary>Decode attention of one layer of a 1B Llama (32 heads, 8 KV heads of 64) over a prefix that all sequences share, and 64 tokens of their own.</summary>
public class AttentionBenchmark
{
    private const int OwnTokens = 64;
    private static readonly AttentionShape s_shape = new(Heads: 32, KvHeads: 8, HeadDim: 64);

    private readonly StepBatch _batch = new();
    private readonly List<PageTable> _tables = [];
    private IBackend _backend = null!;
    private KvCache _cache = null!;
    private AttentionWorkspace _workspace = null!;
    private DeviceTensor _queries = null!;
    private DeviceTensor _output = null!;

    [Params(1, 16, 64)]
    public int Sequences { get; set; }

    [Params(512, 2048)]
    public int Prefix { get; set; }

    [ParamsSource(nameof(Paths))]
    public string Path { get; set; } = "";

    public static IEnumerable<string> Paths => [CpuBackend.Paths[0], CpuBackend.ManagedPaths[0]];

    [Params(true, false)]
    public bool Share { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        int pages = Sequences * (PagePool.PagesFor(OwnTokens) + 1) + PagePool.PagesFor(Prefix);
        var pool = new PagePool(pages);
        using var prefix = new PageTable(pool);
        prefix.TryAppend(Prefix, out _);
        for (int i = 0; i < Sequences; i++)
        {
            PageTable table = prefix.Fork();
            table.TryAppend(OwnTokens, out _);
            _tables.Add(table);
            _batch.AddSequence([0], Prefix + OwnTokens - 1, table);
        }
        _batch.Complete(Share);
        _backend = CpuBackend.Create(path: Path);
        _cache = _backend.AllocateCache(new KvShape(Layers: 1, pages, s_shape.KvHeads, s_shape.HeadDim));
        _workspace = _backend.AllocateWorkspace(s_shape, Sequences);
        _queries = _backend.Allocate(Sequences, Axis.OfHeads(s_shape.Heads, s_shape.HeadDim), ActivationType.Operand);
        _output = _backend.Allocate(Sequences, Axis.OfHeads(s_shape.Heads, s_shape.HeadDim), ActivationType.Operand);
    }

    [Benchmark]
    public void Attend() => _backend.Attend(_queries, s_shape, _batch, _cache, layer: 0, _workspace, _output);

    [GlobalCleanup]
    public void Cleanup()
    {
        _backend.Dispose();
        _cache.Dispose();
        _queries.Dispose();
        _output.Dispose();
    }
}
