using CudaSearch.Answers;
using CudaSearch.Search;

namespace CudaSearch.Evaluation;

/// <summary>How a run searches each problem.</summary>
public sealed record RunSettings
{
    /// <summary>Name of the strategy.</summary>
    public string Strategy { get; init; } = "beam";

    /// <summary>Its options.</summary>
    public SearchOptions Search { get; init; } = new();

    /// <summary>Fixes every draw.</summary>
    public ulong Seed { get; init; } = 42;

    /// <summary>The system message; null leaves it out. Chat templates without one ignore it.</summary>
    public string? SystemPrompt { get; init; } = Evaluation.SystemPrompt.Default;

    /// <summary>What scores steps, for strategies that need scores.</summary>
    public JudgeOptions Judge { get; init; } = new();

    /// <summary>How the final answer is chosen; null: weighted where completions are scored, else majority.</summary>
    public Vote? Vote { get; init; }
}
