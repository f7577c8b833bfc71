using BenchmarkDotNet.Attributes;
using CudaSearch.Backends;
using CudaSearch.Backends.Cpu;
using CudaSearch.Cache;
using CudaSearch.Checkpoints;
using CudaSearch.Model;
using CudaSearch.Tests.Model;

namespace CudaSearch.Benchmarks.Model;

/// <summary>One decode pass of the TinyMath generator's shape: a token for each sequence over a shared prompt of 64 tokens and 64 of its own.</summary>
public class PassBenchmark
{
    private readonly RandomModel _model = new()
    {
        HiddenSize = 192, IntermediateSize = 512, NumHiddenLayers = 4, NumAttentionHeads = 4, NumKeyValueHeads = 2, HeadDim = 64, VocabSize = 512,
        TieWordEmbeddings = true, Type = ElementType.BF16,
    };

    private readonly StepBatch _batch = new();
    private RandomCheckpoint _folder = null!;
    private Checkpoint _checkpoint = null!;
    private IBackend _backend = null!;
    private Transformer _transformer = null!;

    [Params(1, 16, 64, 512)]
    public int Sequences { get; set; }

    [ParamsSource(nameof(Paths))]
    public string Path { get; set; } = "";

    public static IEnumerable<string> Paths => [CpuBackend.Paths[0], CpuBackend.ManagedPaths[0]];

    [GlobalSetup]
    public void Setup()
    {
        _folder = new RandomCheckpoint(_model);
        _checkpoint = _folder.Open();
        _backend = CpuBackend.Create(path: Path);
        _transformer = Transformer.WithCache(_backend, _checkpoint, pages: 8 * Sequences + 8);
        var prompt = new PageTable(new PagePool(_transformer.Pages));
        prompt.TryAppend(64, out _);
        for (int i = 0; i < Sequences; i++)
        {
            PageTable table = prompt.Fork();
            table.TryAppend(64, out _);
            int row = _batch.AddSequence([i % 512], 127, table);
            _batch.AddSample(row, new SamplingParameters(Temperature: 0.8f, TopP: 1, TopK: 0, MinP: 0, Uniform: 0.5f));
        }
        _batch.Complete();
    }

    [Benchmark]
    public void Decode() => _transformer.Forward(_batch);

    [GlobalCleanup]
    public void Cleanup()
    {
        _transformer.Dispose();
        _backend.Dispose();
        _checkpoint.Dispose();
        _folder.Dispose();
    }
}
