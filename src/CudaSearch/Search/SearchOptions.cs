using CudaSearch.Engine;
using CudaSearch.Verification;

namespace CudaSearch.Search;

/// <summary>How to search; defaults are search-and-learn's where it has them.</summary>
public sealed record SearchOptions
{
    /// <summary>Completions, beams, or the total number of candidates alive per iteration.</summary>
    public int N { get; init; } = 4;

    /// <summary>Beam search keeps N / BeamWidth beams an iteration; DVTS expands each of N / BeamWidth subtrees into BeamWidth candidates.</summary>
    public int BeamWidth { get; init; } = 4;

    /// <summary>The most steps an answer may have; the last one runs to the end of the sequence.</summary>
    public int Iterations { get; init; } = 40;

    /// <summary>Greedy steps looked ahead before a candidate is scored.</summary>
    public int Lookahead { get; init; }

    /// <summary>How step scores become one.</summary>
    public Aggregation Aggregation { get; init; } = Aggregation.Last;

    /// <summary>Beam search: of beams with identical text keep the first.</summary>
    public bool FilterDuplicates { get; init; }

    /// <summary>Beam search: return the best finished beams instead of the earliest.</summary>
    public bool SortCompleted { get; init; }

    /// <summary>
    /// Beam search: stop as soon as N beams have finished. Without <see cref="SortCompleted"/> the output is the same; search-and-learn goes on
    /// until all live beams finish in one round.
    /// </summary>
    public bool StopWhenComplete { get; init; } = true;

    /// <summary>How each step is sampled. Its stop text is set by the strategy.</summary>
    public GenerationOptions Sampling { get; init; } = new();
}
