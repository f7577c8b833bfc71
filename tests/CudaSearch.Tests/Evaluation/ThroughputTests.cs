using CudaSearch.Backends;
using CudaSearch.Backends.Cpu;
using CudaSearch.Checkpoints;
using CudaSearch.Evaluation.Throughput;
using CudaSearch.Model;

namespace CudaSearch.Tests.Evaluation;

/// <summary>The floor that throughput is compared with, and that what is measured is what was asked for.</summary>
public sealed class ThroughputTests
{
    // Published parameter counts: 1.236 billion, the tied output matrix read once; 8.030 billion less the input embedding of 0.525 billion.
    [Theory]
    [InlineData("llama-3.2-1b", 2.472e9)]
    [InlineData("llama-3.2-3b", 6.425e9)]
    [InlineData("llama-3.1-8b", 15.010e9)]
    public void ADecodePassStreamsTheWeightsOnce(string shape, double bytes)
    {
        PassCost cost = PassCost.Of(ModelShapes.All[shape], rows: 1, outputRows: 1, pageVisits: 0, keys: 0, weightSize: sizeof(ushort), headSize: sizeof(ushort), pageBytes: 0);
        Assert.InRange(cost.WeightBytes / bytes, 0.999, 1.001);
        // Two operations for each weight of two bytes.
        Assert.Equal(cost.WeightBytes, cost.Flops, tolerance: 1);
    }

    // 16,384 keys and values a token for the 1B model, 65,536 for the 8B, in float32 on the CPU.
    [Theory]
    [InlineData("llama-3.2-1b", 16384)]
    [InlineData("llama-3.1-8b", 65536)]
    public void APageHoldsItsTokensKeysAndValues(string shape, int numbersAToken)
    {
        using IBackend backend = CpuBackend.Create(1);
        long page = backend.PageBytes(Transformer.CacheShape(ModelShapes.All[shape], pages: 1));
        Assert.Equal(16 * numbersAToken * sizeof(float), page);
        Assert.Equal(10 * page, PassCost.Of(ModelShapes.All[shape], 1, 1, pageVisits: 10, keys: 0, weightSize: 2, headSize: 2, page).KvBytes);
    }

    [Fact]
    public void APassIsMeasuredAsAsked()
    {
        PassCase prefill = new(0, 33, 0, Share: true), shared = new(3, 70, 5, Share: true), alone = shared with { Share = false }, bare = new(2, 20, 0, Share: true);
        using IBackend backend = CpuBackend.Create(1);
        using Checkpoint checkpoint = Checkpoint.OfRandomWeights(ModelShapes.All["tinymath"], "tinymath");
        using var bench = new PassBench(backend, checkpoint, default, [prefill, shared, alone, bare]);
        Assert.Equal(33, bench.Run(prefill, passes: 1).Tokens);
        Assert.Equal(2, bench.Run(bare, passes: 1).Tokens);
        PassTiming once = bench.Run(shared, passes: 2), thrice = bench.Run(alone, passes: 2);
        Assert.Equal(3, once.Tokens);
        Assert.True(once.BestSeconds > 0 && once.BestSeconds <= once.MedianSeconds && once.TokensPerSecond > 0);
        // 76 keys are five pages, of which the first range of four is one for all.
        double page = backend.PageBytes(Transformer.CacheShape(ModelShapes.All["tinymath"], pages: 1));
        Assert.Equal(4 + 3 * 1, once.Cost.KvBytes / page);
        Assert.Equal(3 * 5, thrice.Cost.KvBytes / page);
    }

    [Fact]
    public void NothingIsFasterThanTheCeilings()
    {
        using IBackend backend = CpuBackend.Create(1);
        Assert.SkipWhen(CpuBackend.NativeLibrary is null, "the native library is not built");
        using Checkpoint checkpoint = Checkpoint.OfRandomWeights(ModelShapes.All["tinymath"], "tinymath", apart: true);
        PassCase prefill = new(0, 256, 0, Share: true);
        using var bench = new PassBench(backend, checkpoint, default, [prefill]);
        PassTiming timing = bench.Run(prefill, passes: 3);
        Assert.NotNull(timing.Ceilings);
        Assert.InRange(timing.OperationsPerSecond, 1, timing.Ceilings.Value.OperationsPerSecond);
    }

    [Fact]
    public void TensorsThatAreReadInPlaceLieApart()
    {
        using Checkpoint apart = Checkpoint.OfRandomWeights(ModelShapes.All["tinymath"], "tinymath", apart: true);
        apart.Get("a");
        TensorView first = apart.Get("a", 64, 32), second = apart.Get("b", 64, 32);
        Assert.True(Math.Abs(first.Pointer - second.Pointer) >= first.ByteLength);
        Assert.Equal(first.Pointer, apart.Get("a", 64, 32).Pointer);
        Assert.Equal(first.AsSpan<ushort>(), second.AsSpan<ushort>());
    }
}
