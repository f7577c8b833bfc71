using CudaSearch.Verification;

namespace CudaSearch.Evaluation;

/// <summary>Kinds of verifiers.</summary>
public enum JudgeKind
{
    /// <summary>The process reward model.</summary>
    Prm,

    /// <summary>Checks arithmetic: <see cref="RuleVerifier"/>.</summary>
    Rules,

    /// <summary>A program of the user's: <see cref="ProgramVerifier"/>.</summary>
    Program,

    /// <summary>Knows the reference answer: <see cref="OracleVerifier"/>.</summary>
    Oracle,
}

/// <summary>One verifier among those that judge.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Command">The command line of a program; null for the others.</param>
public sealed record JudgePart(JudgeKind Kind, string? Command = null)
{
    private const string ProgramPrefix = "program:";

    /// <summary>The forms that <see cref="Parse"/> knows, for messages.</summary>
    public const string Forms = "prm, rules, oracle or program:COMMAND";

    /// <summary>Reads <c>prm</c>, <c>rules</c>, <c>oracle</c> or <c>program:COMMAND</c>; null for anything else.</summary>
    public static JudgePart? Parse(string text) => text switch
    {
        "prm" => new JudgePart(JudgeKind.Prm),
        "rules" => new JudgePart(JudgeKind.Rules),
        "oracle" => new JudgePart(JudgeKind.Oracle),
        _ when text.StartsWith(ProgramPrefix, StringComparison.Ordinal) && text[ProgramPrefix.Length..].Trim() is { Length: > 0 } command
            => new JudgePart(JudgeKind.Program, command),
        _ => null,
    };

    /// <summary>As results name it.</summary>
    internal string Describe(string? prmName) => Kind switch
    {
        JudgeKind.Prm => prmName ?? "prm",
        JudgeKind.Program => ProgramPrefix + Command,
        _ => Kind.ToString().ToLowerInvariant(),
    };
}

/// <summary>What judges steps: one verifier or several as one.</summary>
public sealed record JudgeOptions
{
    /// <summary>The verifiers.</summary>
    public IReadOnlyList<JudgePart> Parts { get; init; } = [new(JudgeKind.Prm)];

    /// <summary>How several make one score.</summary>
    public Ensemble Ensemble { get; init; } = Ensemble.Mean;

    /// <summary>Whether only answers that are complete are judged: <see cref="OutcomeVerifier"/>.</summary>
    public bool OutcomeOnly { get; init; }

    /// <summary>The longest wait for an answer of a program.</summary>
    public TimeSpan ProgramTimeLimit { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Nothing judges.</summary>
    internal static JudgeOptions None { get; } = new() { Parts = [] };

    /// <summary>Whether the process reward model takes part.</summary>
    public bool UsesPrm => Uses(JudgeKind.Prm);

    /// <summary>Whether a kind takes part.</summary>
    public bool Uses(JudgeKind kind) => Parts.Any(part => part.Kind == kind);

    /// <summary>The name under which results show who judged: <c>tinymath</c>, <c>rules</c>, <c>min(tinymath, rules)</c>, <c>outcome(tinymath)</c> …</summary>
    /// <param name="prmName">The process reward model, where there is one.</param>
    public string Describe(string? prmName)
    {
        string parts = string.Join(", ", Parts.Select(part => part.Describe(prmName)));
        string whole = Parts.Count == 1 ? parts : $"{Ensemble.ToString().ToLowerInvariant()}({parts})";
        return OutcomeOnly ? $"outcome({whole})" : whole;
    }
}
