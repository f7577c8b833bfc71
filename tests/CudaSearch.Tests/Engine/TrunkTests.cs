using CudaSearch.Engine;
using CudaSearch.Tests.Model;

namespace CudaSearch.Tests.Engine;

/// <summary>Forks of a sequence that is not computed yet: the common beginning is computed once, and rightly.</summary>
public sealed class TrunkTests
{
    private static readonly RandomModel s_model = new();
    private static readonly int[] s_prompt = [.. Enumerable.Range(0, 23).Select(i => 3 + i * 7 % 60)];

    // The trunk's last chunk and its forks' first rows are wanted in one pass: a page copied at the start of that pass must not lack rows it computes.
    [Fact]
    public async Task ForksQueuedBehindTheirTrunkSeeAllOfIt()
    {
        using var fixture = new EngineFixture(s_model, new FixtureOptions { Gated = true });
        (Task<float[]> busy, Sequence first) = Hold(fixture);
        using (first)
        {
            var usage = new Usage();
            using Sequence root = fixture.Engine.CreateSequence(s_prompt, usage: usage);
            Sequence[] forks = [.. Enumerable.Range(1, 4).Select(root.Fork)];
            for (int i = 0; i < forks.Length; i++) forks[i].Append([10 + i]);
            Task<float[]>[] logits = [.. forks.Prepend(root).Select(sequence => fixture.LogitsAsync(sequence))];
            fixture.Gate.Open();
            await busy;
            for (int i = 0; i < logits.Length; i++)
            {
                float[] actual = await logits[i];
                Assert.Equal(await fixture.LogitsAloneAsync(i == 0 ? s_prompt : [.. s_prompt, 9 + i]), actual);
            }
            // The trunk, then every fork's last prompt token and its own one; the root's last.
            Assert.Equal(s_prompt.Length - 1 + 4 * 2 + 1, usage.PrefillTokens);
            foreach (Sequence fork in forks) fork.Dispose();
        }
    }

    [Fact]
    public async Task AFinishedTrunkIsTakenOverByATruncatedFork()
    {
        using var fixture = new EngineFixture(s_model, new FixtureOptions());
        using Sequence root = fixture.Engine.CreateSequence(s_prompt);
        using Sequence fork = root.Fork(1);
        await fixture.LogitsAsync(root);
        fork.Truncate(10);
        fork.Append([5, 6]);
        Assert.Equal(await fixture.LogitsAloneAsync([.. s_prompt[..10], 5, 6]), await fixture.LogitsAsync(fork));
    }

    // Truncated, disposed and forked again while the pass that computes the trunk is held.
    [Fact]
    public async Task ForksMayLeaveATrunkWhileItIsComputed()
    {
        using var fixture = new EngineFixture(s_model, new FixtureOptions { Gated = true });
        fixture.Gate.Close();
        Sequence root = fixture.Engine.CreateSequence(s_prompt);
        Sequence cut = root.Fork(1), kept = root.Fork(2);
        fixture.Gate.AwaitPass();
        cut.Truncate(7);
        using Sequence late = kept.Fork(3);
        root.Dispose();
        kept.Dispose();
        Task<float[]> ofCut = fixture.LogitsAsync(cut), ofLate = fixture.LogitsAsync(late);
        fixture.Gate.Open();
        float[] cutLogits = await ofCut, lateLogits = await ofLate;
        Assert.Equal(await fixture.LogitsAloneAsync(s_prompt[..7]), cutLogits);
        Assert.Equal(await fixture.LogitsAloneAsync(s_prompt), lateLogits);
        cut.Dispose();
    }

    [Fact]
    public async Task AllForksGoneBeforeTheTrunkIsComputedLeavesNothing()
    {
        using var fixture = new EngineFixture(s_model, new FixtureOptions { Gated = true });
        fixture.Gate.Close();
        Sequence root = fixture.Engine.CreateSequence(s_prompt);
        Sequence fork = root.Fork(1);
        fixture.Gate.AwaitPass();
        fork.Dispose();
        root.Dispose();
        fixture.Gate.Open();
        using Sequence other = fixture.Engine.CreateSequence([1]);
        await fixture.LogitsAsync(other);
    }

    // Starts a pass and holds it, so that everything asked for meanwhile meets in the next one.
    private static (Task<float[]> Busy, Sequence First) Hold(EngineFixture fixture)
    {
        fixture.Gate.Close();
        Sequence first = fixture.Engine.CreateSequence([1]);
        Task<float[]> busy = fixture.LogitsAsync(first);
        fixture.Gate.AwaitPass();
        return (busy, first);
    }
}
