using CudaSearch.Engine;

namespace CudaSearch.Search;

/// <summary>Takes one step on many branches at once and, when asked to, looks greedily at the steps after it.</summary>
internal static class StepGenerator
{
    /// <summary>
    /// Appends one step to every branch. The lookahead happens on forks that are thrown away; it stops where a branch ended, and only there:
    /// an empty step or a foreign end token is no reason to stop looking.
    /// </summary>
    /// <returns>One step a branch, in their order.</returns>
    public static async Task<Step[]> StepAllAsync(
        IReadOnlyList<IBranch> branches, GenerationOptions sampling, int lookahead, CancellationToken cancellation)
    {
        Step[] steps = await Concurrently.RunAsync(branches, branch => StepAsync(branch, sampling, cancellation));
        if (lookahead > 0) await LookAheadAsync(branches, steps, sampling with { Temperature = 0 }, lookahead, cancellation);
        return steps;
    }

    /// <summary>
    /// As <see cref="StepAllAsync"/>, a task for each branch: without lookahead it ends with the branch's step, while others are still written. Looking ahead goes
    /// round by round, so that all end together.
    /// </summary>
    public static Task<Step>[] Start(IReadOnlyList<IBranch> branches, GenerationOptions sampling, int lookahead, CancellationToken cancellation)
    {
        if (lookahead == 0) return [.. branches.Select(branch => StepAsync(branch, sampling, cancellation))];
        Task<Step[]> all = StepAllAsync(branches, sampling, lookahead, cancellation);
        return [.. branches.Select(async (_, slot) => (await all)[slot])];
    }

    private static async Task<Step> StepAsync(IBranch branch, GenerationOptions sampling, CancellationToken cancellation)
    {
        GeneratedText text = await branch.GenerateAsync(sampling, cancellation);
        return new Step(text.Text, text.Reason, text.Text) { Tokens = text.Tokens, LogProbability = text.LogProbability, Source = text.Source };
    }

    private static async Task LookAheadAsync(
        IReadOnlyList<IBranch> branches, Step[] steps, GenerationOptions greedy, int rounds, CancellationToken cancellation)
    {
        using var scouts = new OwnedList<Scout>();
        for (int slot = 0; slot < branches.Count; slot++)
            if (!steps[slot].Reason.EndsAnswer()) scouts.Add(new Scout(branches[slot].Fork(slot), slot));

        for (int round = 0; round < rounds && scouts.Count > 0; round++)
        {
            GeneratedText[] seen = await Concurrently.RunAsync(scouts, scout => scout.Branch.GenerateAsync(greedy, cancellation));
            foreach ((Scout scout, GeneratedText text) in scouts.Zip(seen))
            {
                Step step = steps[scout.Slot];
                steps[scout.Slot] = step with
                {
                    WithLookahead = step.WithLookahead + text.Text, Tokens = step.Tokens + text.Tokens,
                    LookaheadTokens = step.LookaheadTokens + text.Tokens, LogProbability = step.LogProbability + text.LogProbability,
                };
                scout.Ended = text.Reason.EndsAnswer();
            }
            scouts.Keep(scout => !scout.Ended);
        }
    }

    /// <summary>The fork of a branch that looks ahead.</summary>
    private sealed class Scout(IBranch branch, int slot) : IDisposable
    {
        public IBranch Branch => branch;

        public int Slot => slot;

        public bool Ended { get; set; }

        public void Dispose() => branch.Dispose();
    }
}
