using System.Runtime.InteropServices;
using CudaSearch.Engine;

namespace CudaSearch.Tests.Engine;

/// <summary>What an engine answered, and all that the answer may depend on.</summary>
/// <param name="Kind">logits, reward or generate.</param>
/// <param name="Tokens">The sequence's tokens when it was asked.</param>
/// <param name="Stream">Its random numbers.</param>
/// <param name="Argument">Positions to judge, or the number of tokens to draw.</param>
/// <param name="Bits">Bits of the floats, or the tokens drawn.</param>
internal sealed record Observation(string Kind, int[] Tokens, RandomStream Stream, int[] Argument, int[] Bits)
{
    public override string ToString() => $"{Kind} of {Tokens.Length} tokens ({string.Join(' ', Tokens)}) [{string.Join(' ', Argument)}]: {string.Join(' ', Bits)}";
}

/// <summary>A seeded random life of several trees of sequences at once, on one engine.</summary>
internal sealed class Forest(InferenceEngine engine, int seed, int vocabulary)
{
    public const int LongestSequence = 230;
    private const int MostSequences = 7;

    public static readonly GenerationOptions Sampled = new() { Temperature = 1.1f, TopP = 0.95f };

    /// <summary>Runs the trees concurrently; everything each of them was answered, in its own order.</summary>
    public async Task<Observation[][]> RunAsync(int trees, int operations) =>
        await Task.WhenAll(Enumerable.Range(0, trees).Select(tree => Task.Run(() => RunTreeAsync(tree, operations)))).WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);

    /// <summary>The same question to an engine that does nothing else.</summary>
    public static async Task<Observation> AskAloneAsync(InferenceEngine engine, Observation question)
    {
        engine.ClearCache();
        using Sequence sequence = engine.CreateSequence(question.Tokens, question.Stream);
        return await AskAsync(engine, sequence, question.Kind, question.Argument);
    }

    private async Task<Observation[]> RunTreeAsync(int tree, int operations)
    {
        var random = new Random(1000 * seed + tree);
        var seen = new List<Observation>();
        // All trees begin alike, so that prefixes are found across them.
        int[] prompt = Tokens(new Random(seed), 37);
        var stream = new RandomStream((ulong)seed, (ulong)tree, 0);
        List<Sequence> live = [engine.CreateSequence(prompt, stream)];
        try
        {
            for (int i = 0; i < operations; i++) await StepAsync(random, prompt, stream, live, seen);
            return [.. seen];
        }
        finally
        {
            foreach (Sequence sequence in live) sequence.Dispose();
        }
    }

    private async Task StepAsync(Random random, int[] prompt, RandomStream stream, List<Sequence> live, List<Observation> seen)
    {
        int beam = random.Next(1, 1000);
        Sequence sequence = live[random.Next(live.Count)];
        switch (random.Next(10))
        {
            case 0 or 1 when live.Count < MostSequences:
                live.Add(sequence.Fork(beam));
                break;
            case 2 when sequence.Length < LongestSequence - 60:
                sequence.Append(Tokens(random, random.Next(1, 50)));
                break;
            case 3:
                sequence.Truncate(random.Next(1, sequence.Length + 1));
                break;
            case 4 when live.Count > 1:
                live.Remove(sequence);
                sequence.Dispose();
                break;
            case 5:
                seen.Add(await AskAsync(engine, sequence, "logits", []));
                break;
            case 6:
                int[] positions = [.. Enumerable.Range(0, sequence.Length).Where(_ => random.Next(12) == 0).DefaultIfEmpty(sequence.Length - 1)];
                seen.Add(await AskAsync(engine, sequence, "reward", positions));
                break;
            case 7 when live.Count < MostSequences:
                live.Add(engine.CreateSequence([.. prompt, .. Tokens(random, random.Next(0, 60))], stream with { Beam = beam }));
                break;
            default:
                int count = random.Next(1, 12);
                Sequence[] able = [.. live.Where(s => s.Length < LongestSequence - 15)];
                seen.AddRange(await Task.WhenAll(able.Select(s => AskAsync(engine, s, "generate", [count]))));
                break;
        }
    }

    private static async Task<Observation> AskAsync(InferenceEngine engine, Sequence sequence, string kind, int[] argument)
    {
        int[] before = sequence.Tokens.ToArray();
        int[] bits;
        if (kind == "generate")
        {
            await engine.GenerateAsync(sequence, Sampled with { MaxTokens = argument[0] });
            bits = sequence.Tokens[before.Length..].ToArray();
        }
        else
        {
            float[] answer = kind == "logits" ? await engine.LogitsAsync(sequence) : await engine.RewardAsync(sequence, argument);
            bits = MemoryMarshal.Cast<float, int>(answer).ToArray();
        }
        return new Observation(kind, before, sequence.Stream, argument, bits);
    }

    private int[] Tokens(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => random.Next(3, vocabulary))];
}
