using CudaSearch.Answers;
using CudaSearch.Search;
using CudaSearch.Verification;

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

    /// <summary>How the final answer is chosen; null: weighted where completions are scored, by a verifier or by the strategy itself, else majority.</summary>
    public Vote? Vote { get; init; }

    /// <summary>How step scores become the ones that votes read; null: as in the search. search-and-learn votes by the last score always.</summary>
    public Aggregation? VoteAggregation { get; init; }

    /// <summary>Whether answers that the search left unfinished vote, as in search-and-learn; otherwise only where no finished one takes part.</summary>
    public bool UnfinishedVote { get; init; }

    /// <summary>Keeps each search's tree in its record. It changes no result: a run may be continued with or without.</summary>
    public bool RecordTree { get; init; }

    /// <summary>Writes <c>completion_tokens</c> as search-and-learn does: zeros for beam search, the number -1 for DVTS.</summary>
    public bool OriginalTokenCounts { get; init; }
}
