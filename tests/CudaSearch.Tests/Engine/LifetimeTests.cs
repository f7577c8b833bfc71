using CudaSearch.Engine;
using CudaSearch.Tests.Model;

namespace CudaSearch.Tests.Engine;

/// <summary>Cancelling, disposing and failing, before, during and after passes: every task ends, and no page is left (the fixture looks).</summary>
public sealed class LifetimeTests
{
    private static readonly RandomModel s_model = new();
    private static readonly GenerationOptions s_long = new() { MaxTokens = 1000 };
    private static readonly FixtureOptions s_gated = new() { Gated = true, EndTokens = [] };

    [Fact]
    public async Task CancellingDuringAPassEndsTheTaskAndLeavesTheSequenceUsable()
    {
        using var fixture = new EngineFixture(s_model, s_gated);
        using var cancellation = new CancellationTokenSource();
        using Sequence sequence = fixture.Engine.CreateSequence([3, 4, 5]);
        fixture.Gate.Close();
        Task<GenerationResult> generation = fixture.Engine.GenerateAsync(sequence, s_long, cancellation.Token);
        fixture.Gate.AwaitPass();
        await cancellation.CancelAsync();
        fixture.Gate.Open();
        OperationCanceledException thrown = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Soon(generation));
        Assert.Equal(cancellation.Token, thrown.CancellationToken);
        int[] tokens = sequence.Tokens.ToArray();
        Assert.Equal(await fixture.LogitsAloneAsync(tokens), await fixture.LogitsAsync(sequence));
    }

    [Fact]
    public async Task DisposingASequenceDuringAPassEndsItsTask()
    {
        using var fixture = new EngineFixture(s_model, s_gated);
        Sequence sequence = fixture.Engine.CreateSequence([3, 4, 5]);
        fixture.Gate.Close();
        Task<GenerationResult> generation = fixture.Engine.GenerateAsync(sequence, s_long, TestContext.Current.CancellationToken);
        fixture.Gate.AwaitPass();
        sequence.Dispose();
        sequence.Dispose();
        Assert.Throws<ObjectDisposedException>(() => sequence.Fork(1));
        fixture.Gate.Open();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Soon(generation));
    }

    [Fact]
    public async Task ASequenceDoesOneThingAtATime()
    {
        using var fixture = new EngineFixture(s_model, s_gated);
        using Sequence sequence = fixture.Engine.CreateSequence([3, 4, 5]);
        fixture.Gate.Close();
        Task<float[]> logits = fixture.LogitsAsync(sequence);
        Assert.Throws<InvalidOperationException>(() => sequence.Fork(1));
        Assert.Throws<InvalidOperationException>(() => sequence.Append([1]));
        Assert.Throws<InvalidOperationException>(() => sequence.Truncate(1));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await fixture.LogitsAsync(sequence));
        fixture.Gate.Open();
        await logits;
        sequence.Append([1]);
    }

    // Whoever waits is told, whether a pass computes for it or not; and the model may go as soon as Dispose is back.
    [Fact]
    public async Task DisposingTheEngineDuringAPassWaitsForItAndCancelsAllThatWait()
    {
        var fixture = new EngineFixture(s_model, s_gated);
        Sequence[] sequences = [.. Enumerable.Range(0, 5).Select(i => fixture.Engine.CreateSequence([3, 4, 5 + i]))];
        fixture.Gate.Close();
        Task first = fixture.Engine.GenerateAsync(sequences[0], s_long, TestContext.Current.CancellationToken);
        fixture.Gate.AwaitPass();
        Task[] others = [.. sequences[1..].Select(sequence => fixture.Engine.GenerateAsync(sequence, s_long, TestContext.Current.CancellationToken))];
        Task disposal = Task.Run(fixture.Engine.Dispose, TestContext.Current.CancellationToken);
        await Task.Delay(50, TestContext.Current.CancellationToken);
        Assert.False(disposal.IsCompleted, "the engine is disposed while a pass still uses the model");
        fixture.Gate.Open();
        await disposal.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        foreach (Task task in others.Prepend(first)) await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Soon(task));
        foreach (Sequence sequence in sequences) sequence.Dispose();
        Assert.Throws<ObjectDisposedException>(() => fixture.Engine.CreateSequence([1]));
        fixture.Dispose();
    }

    [Fact]
    public async Task AFailedPassFailsAllThatWaitAndTheEngineGoesOn()
    {
        using var fixture = new EngineFixture(s_model, s_gated);
        int[] prompt = [.. Enumerable.Range(3, 40)];
        using Sequence root = fixture.Engine.CreateSequence(prompt), other = fixture.Engine.CreateSequence([3, 4, 5]);
        fixture.Gate.Close();
        using Sequence fork = root.Fork(1);
        Task<float[]> ofRoot = fixture.LogitsAsync(root), ofOther = fixture.LogitsAsync(other);
        fixture.Gate.AwaitPass();
        fixture.Gate.Failure = new InvalidOperationException("planned");
        fixture.Gate.Open();
        Assert.Equal("planned", (await Assert.ThrowsAsync<InvalidOperationException>(() => ofRoot)).Message);
        await Assert.ThrowsAsync<InvalidOperationException>(() => ofOther);
        // The common beginning that failed is computed anew.
        float[] logits = await fixture.LogitsAsync(fork);
        Assert.Equal(logits, await fixture.LogitsAsync(root));
        Assert.Equal(await fixture.LogitsAloneAsync(prompt), logits);
    }

    [Fact]
    public async Task RandomCancelsAndDisposalsLeaveNothing()
    {
        using var fixture = new EngineFixture(s_model, new FixtureOptions { Pages = 24, EndTokens = [], MaxRows = 16 });
        DateTime end = DateTime.UtcNow.AddSeconds(2);
        int[] finished = await Task.WhenAll(Enumerable.Range(0, 6).Select(worker => Task.Run(() => Live(worker), TestContext.Current.CancellationToken))).WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Assert.True(finished.Sum() > 0, "nothing finished uncancelled");

        async Task<int> Live(int worker)
        {
            var random = new Random(worker);
            int count = 0;
            while (DateTime.UtcNow < end)
            {
                Sequence root = fixture.Engine.CreateSequence([.. Enumerable.Range(0, random.Next(1, 60)).Select(i => 3 + i % 60)]);
                Sequence[] all = [root, .. Enumerable.Range(1, random.Next(4)).Select(root.Fork)];
                using var cancellation = new CancellationTokenSource();
                Task<GenerationResult>[] tasks =
                    [.. all.Select(s => fixture.Engine.GenerateAsync(s, s_long with { MaxTokens = random.Next(1, 20) }, cancellation.Token))];
                if (random.Next(2) == 0) await Task.Delay(random.Next(4), TestContext.Current.CancellationToken);
                if (random.Next(3) == 0) root.Dispose();
                if (random.Next(2) == 0) await cancellation.CancelAsync();
                foreach (Task<GenerationResult> task in tasks)
                {
                    try
                    {
                        await task;
                        count++;
                    }
                    catch (OperationCanceledException)
                    {
                        // Asked for.
                    }
                }
                foreach (Sequence sequence in all) sequence.Dispose();
            }
            return count;
        }
    }

    private static Task Soon(Task task) => task.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
}
