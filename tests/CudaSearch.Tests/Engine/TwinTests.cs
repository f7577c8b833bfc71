using CudaSearch.Engine;
using CudaSearch.Tests.Model;

namespace CudaSearch.Tests.Engine;

/// <summary>Beams whose tokens are still equal compute them once, and draw what they would have drawn alone.</summary>
public sealed class TwinTests
{
    private const int Beams = 24;
    private static readonly RandomModel s_model = new();
    private static readonly int[] s_prompt = [.. Enumerable.Range(0, 37).Select(i => 3 + i * 7 % 60)];

    // A low temperature keeps some beams together for a while and lets all part in the end, across page boundaries.
    [Theory]
    [InlineData(0f, 1024)]
    [InlineData(0.3f, 1024)]
    [InlineData(1f, 1024)]
    [InlineData(0.3f, 7)]
    public async Task WhatBeamsHaveInCommonIsComputedOnce(float temperature, int maxOutputRows)
    {
        var options = new GenerationOptions { Temperature = temperature, MaxTokens = 30 };
        var usage = new Usage();
        using var fixture = new EngineFixture(s_model, new FixtureOptions { Gated = true, MaxOutputRows = maxOutputRows, EndTokens = [] });
        using Sequence root = fixture.Engine.CreateSequence(s_prompt, new RandomStream(5, 6, 0), usage);
        Sequence[] beams = await GenerateTogetherAsync(fixture, () => [.. Enumerable.Range(1, Beams).Select(root.Fork)], options);

        int[][] written = [.. beams.Select(beam => beam.Tokens.ToArray())];
        foreach (Sequence beam in beams) beam.Dispose();
        Assert.Equal(Beams * 30, usage.GeneratedTokens);
        for (int i = 0; i < Beams; i++) Assert.Equal(await AloneAsync(i + 1, options), written[i]);
        // Limits of a pass can keep equal beams apart, and those that miss a pass run behind.
        if (maxOutputRows >= Beams) Assert.Equal(DistinctPrefixes(written), usage.ComputedTokens);
    }

    [Fact]
    public async Task ATwinMayBeDisposedWhileItsLeaderComputes()
    {
        var options = new GenerationOptions { Temperature = 0, MaxTokens = 5 };
        using var fixture = new EngineFixture(s_model, new FixtureOptions { Gated = true, EndTokens = [] });
        using Sequence root = fixture.Engine.CreateSequence(s_prompt);
        await fixture.LogitsAsync(root);
        Sequence leader = root.Fork(1), twin = root.Fork(2), last = root.Fork(3);
        fixture.Gate.Close();
        while (fixture.Gate.TryAwaitPass())
        {
        }
        Task<GenerationResult>[] running = [.. new[] { leader, twin, last }.Select(beam => fixture.GenerateAsync(beam, options))];
        fixture.Gate.AwaitPass();
        leader.Dispose();
        twin.Dispose();
        fixture.Gate.Open();
        await running[2];
        Assert.Equal(await AloneAsync(1, options), last.Tokens.ToArray());
        last.Dispose();
    }

    /// <summary>All of them, and the trunk that forking may grow, wait before their first pass begins: another's is held back meanwhile.</summary>
    private static async Task<Sequence[]> GenerateTogetherAsync(EngineFixture fixture, Func<Sequence[]> fork, GenerationOptions options)
    {
        fixture.Gate.Close();
        using Sequence first = fixture.Engine.CreateSequence([1]);
        Task<float[]> busy = fixture.LogitsAsync(first);
        fixture.Gate.AwaitPass();
        Sequence[] beams = fork();
        Task<GenerationResult>[] running = [.. beams.Select(beam => fixture.GenerateAsync(beam, options))];
        fixture.Gate.Open();
        await busy;
        await Task.WhenAll(running);
        return beams;
    }

    private static async Task<int[]> AloneAsync(int beam, GenerationOptions options)
    {
        using var fixture = new EngineFixture(s_model, new FixtureOptions { Threads = 1, EndTokens = [] });
        using Sequence sequence = fixture.Engine.CreateSequence(s_prompt, new RandomStream(5, 6, beam));
        await fixture.GenerateAsync(sequence, options);
        return sequence.Tokens.ToArray();
    }

    /// <summary>Beginnings whose last token went through the model: all but whole sequences, whose last token nobody asked anything of.</summary>
    private static int DistinctPrefixes(int[][] sequences)
    {
        var prefixes = new HashSet<string>();
        foreach (int[] tokens in sequences)
        {
            for (int length = 1; length < tokens.Length; length++) prefixes.Add(string.Join(' ', tokens[..length]));
        }
        return prefixes.Count;
    }
}
