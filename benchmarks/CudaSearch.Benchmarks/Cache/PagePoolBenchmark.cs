using BenchmarkDotNet.Attributes;
using CudaSearch.Cache;

namespace CudaSearch.Benchmarks.Cache;

/// <summary>The bookkeeping of one beam-search step: 64 forks of a 600-token sequence each append 32 tokens and die; and the plan of a pass over them.</summary>
[MemoryDiagnoser]
public class PagePoolBenchmark
{
    private const int Beams = 64;
    private readonly PagePool _pool = new(8192);
    private readonly AttentionPlan _plan = new();
    private readonly QuerySpan[] _spans = new QuerySpan[Beams];
    private PageTable _parent = null!;

    [GlobalSetup]
    public void Setup()
    {
        _parent = new PageTable(_pool);
        _parent.TryAppend(600, out _);
        for (int i = 0; i < Beams; i++)
        {
            PageTable table = _parent.Fork();
            table.TryAppend(32, out _);
            _spans[i] = new QuerySpan(i, RowCount: 1, FirstPosition: 631, table);
        }
    }

    [Benchmark]
    public void ForkAppendRelease()
    {
        for (int i = 0; i < Beams; i++)
        {
            using PageTable table = _parent.Fork();
            table.TryAppend(32, out _);
        }
    }

    [Benchmark]
    public void Plan() => _plan.Build(_spans);
}
