using BenchmarkDotNet.Attributes;
using CudaSearch.Tokenization;

namespace CudaSearch.Benchmarks.Tokenization;

/// <summary>Encoding and decoding 4 KB of TinyMath text with the embedded tokenizer.</summary>
[MemoryDiagnoser]
public class TokenizerBenchmark
{
    private readonly Tokenizer _tokenizer = Tokenizer.Load(Path.Combine(AppContext.BaseDirectory, "tinymath", "generator", "tokenizer.json"));
    private readonly string _text = string.Concat(Enumerable.Repeat("## Step 1: Multiply\n7*12=84\n\nTherefore, the final answer is: $\\boxed{84}$. I hope it is correct.\n\n", 42));
    private int[] _ids = [];

    [GlobalSetup]
    public void Setup() => _ids = _tokenizer.Encode(_text);

    [Benchmark]
    public int Encode() => _tokenizer.Encode(_text).Length;

    [Benchmark]
    public int Decode() => _tokenizer.Decode(_ids).Length;
}
