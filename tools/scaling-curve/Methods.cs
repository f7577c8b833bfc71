namespace ScalingCurve;

/// <summary>A strategy that searches step by step or answer by answer, measured at every N by itself.</summary>
/// <param name="Strategy">Its name on the command line.</param>
/// <param name="Title">Its name in tables.</param>
/// <param name="MaxTokens">Most tokens of a step, or of an answer written in one go.</param>
internal sealed record Method(string Strategy, string Title, int MaxTokens = Method.UsualMaxTokens)
{
    public const int UsualMaxTokens = 2048;
}

/// <summary>What is measured beside independent samples.</summary>
internal static class Methods
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<Method> All { get; } =
    [
        new("beam", "beam search"), new("dvts", "DVTS"), new("rebase", "REBASE"), new("particle-filtering", "particle filtering"), new("mcts", "MCTS"),
        new("confidence", "confidence, no PRM"),
        // The embedded generator was never trained to revise and often does not end; its answers have some 60 tokens, 99 in 100 of them at most 99.
        new("revision", "sequential revision", MaxTokens: 160),
    ];

    /// <summary>Those with these names, separated by commas.</summary>
    public static IReadOnlyList<Method> Of(string names) =>
        [.. names.Split(',').Select(name => All.FirstOrDefault(method => method.Strategy == name) ?? throw new ArgumentException($"there is no method {name}"))];
}
