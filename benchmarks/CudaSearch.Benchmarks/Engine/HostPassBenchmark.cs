using BenchmarkDotNet.Attributes;
using CudaSearch.Evaluation;
using CudaSearch.Tokenization;

namespace CudaSearch.Benchmarks.Engine;

/// <summary>
/// All that managed code does around a decode pass: planning, the block for the device, taking the results, stop rules on text. No device. Writes the medians of
/// its parts into the log.
/// </summary>
[InProcess]
[MemoryDiagnoser]
public class HostPassBenchmark
{
    private DecodeScene _scene = null!;

    [Params(1, 64, 256)]
    public int Sequences { get; set; }

    [GlobalSetup]
    public void Setup() =>
        _scene = new DecodeScene(Sequences, own: 200, Tokenizer.Load(Path.Combine(Workbench.ResolveModel(Workbench.TinyMath, "generator"), "tokenizer.json")));

    [GlobalCleanup]
    public void Report() => Console.WriteLine($"// {Sequences} sequences: {_scene.Times}");

    [Benchmark]
    public void Pass() => _scene.Step();
}
