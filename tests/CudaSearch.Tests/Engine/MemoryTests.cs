using CudaSearch.Engine;
using CudaSearch.Tests.Model;

namespace CudaSearch.Tests.Engine;

/// <summary>When pages run out: what one sequence alone could have had it gets, and what it could not is refused in words.</summary>
public sealed class MemoryTests
{
    private static readonly RandomModel s_model = new();

    [Fact]
    public async Task TheLastPageIsNotKeptFromASequenceByItsOwnFork()
    {
        using var fixture = new EngineFixture(s_model, new FixtureOptions { Pages = 2 });
        int[] tokens = Tokens(20);
        using Sequence sequence = fixture.Engine.CreateSequence(tokens);
        await fixture.LogitsAsync(sequence);
        using Sequence fork = sequence.Fork(1);
        sequence.Append([7]);
        float[] ofSequence = await fixture.LogitsAsync(sequence), ofFork = await fixture.LogitsAsync(fork);
        sequence.Dispose();
        fork.Dispose();
        Assert.Equal(await fixture.LogitsAloneAsync([.. tokens, 7]), ofSequence);
        Assert.Equal(await fixture.LogitsAloneAsync(tokens), ofFork);
    }

    [Fact]
    public async Task TheLastPageIsNotKeptFromASequenceByTheCacheOfPrefixes()
    {
        using var fixture = new EngineFixture(s_model, new FixtureOptions { Pages = 3 });
        int[] tokens = Tokens(33);
        using Sequence sequence = fixture.Engine.CreateSequence(tokens);
        // Both pages of what the two share are in the cache of prefixes now.
        using (sequence.Fork(1)) await fixture.LogitsAsync(sequence);
        sequence.Truncate(20);
        int[] added = Tokens(20);
        sequence.Append(added);
        float[] logits = await fixture.LogitsAsync(sequence);
        sequence.Dispose();
        Assert.Equal(await fixture.LogitsAloneAsync([.. tokens[..20], .. added]), logits);
    }

    // The older one needs five pages at once where four are free; the younger one could begin with four, again and again.
    [Fact]
    public async Task TheOldestThatWaitsIsServedThoughAnIdleOneIsOlder()
    {
        using var fixture = new EngineFixture(s_model, new FixtureOptions { Pages = 15, Gated = true });
        using Sequence stem = fixture.Engine.CreateSequence(Tokens(8)), idle = fixture.Engine.CreateSequence(Tokens(160));
        await fixture.LogitsAsync(stem);
        await fixture.LogitsAsync(idle);
        fixture.Engine.ClearCache();
        using Sequence older = stem.Fork(1), younger = fixture.Engine.CreateSequence(Tokens(100));
        older.Append(Tokens(64));
        fixture.Gate.Close();
        while (fixture.Gate.TryAwaitPass())
        {
        }
        using Sequence first = stem.Fork(2);
        Task<float[]> busy = fixture.LogitsAsync(first);
        fixture.Gate.AwaitPass();
        Task<float[]> ofOlder = fixture.LogitsAsync(older), ofYounger = fixture.LogitsAsync(younger);
        first.Dispose();
        fixture.Gate.Open();
        await Task.WhenAll(busy, ofOlder, ofYounger);
    }

    [Fact]
    public async Task ASequenceThatCannotFitAloneIsRefused()
    {
        using var fixture = new EngineFixture(s_model, new FixtureOptions { Pages = 3, EndTokens = [] });
        using Sequence sequence = fixture.Engine.CreateSequence(Tokens(49));
        AssertNamesNeedAndLimit(await Assert.ThrowsAsync<CudaSearchException>(() => fixture.LogitsAsync(sequence)));
        AssertNamesNeedAndLimit(await Assert.ThrowsAsync<CudaSearchException>(() => fixture.GenerateAsync(sequence, new GenerationOptions())));

        // One that grows beyond the limit fails then, keeps its tokens and harms nobody.
        using Sequence growing = fixture.Engine.CreateSequence(Tokens(40)), other = fixture.Engine.CreateSequence(Tokens(30));
        Task<GenerationResult> tooLong = fixture.GenerateAsync(growing, new GenerationOptions { Temperature = 0, MaxTokens = 100 });
        Task<GenerationResult> shortEnough = fixture.GenerateAsync(other, new GenerationOptions { Temperature = 0, MaxTokens = 10 });
        AssertNamesNeedAndLimit(await Assert.ThrowsAsync<CudaSearchException>(() => tooLong));
        Assert.Equal(10, (await shortEnough).GeneratedTokens);
        Assert.Equal(49, growing.Length);
        growing.Truncate(48);
        Assert.Equal(s_model.VocabSize, (await fixture.LogitsAsync(growing)).Length);
    }

    [Fact]
    public async Task ForksOfASequenceThatCannotFitAloneAreRefusedToo()
    {
        using var fixture = new EngineFixture(s_model, new FixtureOptions { Pages = 3 });
        using Sequence sequence = fixture.Engine.CreateSequence(Tokens(80)), fork = sequence.Fork(1);
        AssertNamesNeedAndLimit(await Assert.ThrowsAsync<CudaSearchException>(() => fixture.LogitsAsync(fork)));
        fork.Truncate(20);
        Assert.Equal(await fixture.LogitsAloneAsync(Tokens(80)[..20]), await fixture.LogitsAsync(fork));
    }

    private static void AssertNamesNeedAndLimit(CudaSearchException exception)
    {
        Assert.Equal(Failure.OutOfMemory, exception.Failure);
        Assert.Matches(@"needs [456] pages .* there are 3;", exception.Message);
    }

    private static int[] Tokens(int count) => [.. Enumerable.Range(0, count).Select(i => 3 + (i * i + count) % 60)];
}
