using CudaSearch.Answers;
using CudaSearch.Engine;
using CudaSearch.Verification;

namespace CudaSearch.Search;

/// <summary>How to search; defaults are search-and-learn's where it has them.</summary>
public sealed record SearchOptions
{
    /// <summary>Completions, beams, or the total number of candidates alive per iteration.</summary>
    public int N { get; init; } = 4;

    /// <summary>Beam search keeps N / BeamWidth beams an iteration; DVTS and confidence search expand each of N / BeamWidth subtrees into BeamWidth candidates; MCTS samples BeamWidth next steps at a time.</summary>
    public int BeamWidth { get; init; } = 4;

    /// <summary>The most steps an answer may have; the last one runs to the end of the sequence.</summary>
    public int Iterations { get; init; } = 40;

    /// <summary>
    /// Greedy steps looked ahead before a candidate is scored: it is judged by where it leads. (Snell et al. 2024, section 5.2, "lookahead search")
    /// </summary>
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

    /// <summary>
    /// Beam search: allow an N that BeamWidth does not divide, as search-and-learn does: N / BeamWidth is rounded down, and 0 keeps every beam.
    /// </summary>
    public bool AllowUnevenWidth { get; init; }

    /// <summary>DVTS: cap steps at 2048 tokens, as search-and-learn does, instead of at the sampling's token limit.</summary>
    public bool FixedDvtsStepTokens { get; init; }

    /// <summary>
    /// Beam search: look ahead, but score each beam without what was seen, as search-and-learn does. The lookahead then costs time and changes nothing.
    /// </summary>
    public bool IgnoreLookahead { get; init; }

    /// <summary>
    /// Best-of-N and majority: write the N answers in rounds, each as small as could decide this vote, and stop once those to come cannot change its answer; null
    /// writes all at once. It saves tokens and costs time.
    /// </summary>
    public Vote? StopWhenDecided { get; init; }

    /// <summary>
    /// REBASE: temperature of the softmax by which scores share the budget; small favours the best, large spreads evenly. The paper's value.
    /// (Wu et al. 2024, "balance temperature" T_b)
    /// </summary>
    public float BalanceTemperature { get; init; } = 0.1f;

    /// <summary>Particle filtering: temperature of the softmax by which particles are drawn; at 1 in proportion to the odds of their scores.</summary>
    public float ResamplingTemperature { get; init; } = 1;

    /// <summary>Sequential revision: answers of a chain, the first and its revisions. With N it fixes how many chains are written side by side.</summary>
    public int ChainLength { get; init; } = 4;

    /// <summary>Sequential revision: what the user says to an answer that is to be revised.</summary>
    public string RevisionRequest { get; init; } =
        "Check each step of your solution. If one is wrong, correct it and what follows from it. Then write the complete solution again, in the same format.";

    /// <summary>MCTS: weight of the confidence term against scores between 0 and 1; 0 follows the scores alone.</summary>
    public float Exploration { get; init; } = 0.1f;

    /// <summary>
    /// Confidence search: weight of a step's new words against the model's confidence in it, whose weight is 1; 0 follows the confidence alone.
    /// </summary>
    public float Novelty { get; init; }

    /// <summary>How each step is sampled. The strategy sets its stop text.</summary>
    public GenerationOptions Sampling { get; init; } = new();

    /// <summary>Compute-optimal search: which method gets problems of which difficulty.</summary>
    public ComputeOptimalPolicy? Policy { get; init; }

    /// <summary>Throws <see cref="CudaSearchException"/> naming the first value that is out of range for any strategy.</summary>
    public void Validate()
    {
        CheckAtLeast(1, N, "n");
        CheckAtLeast(1, BeamWidth, "beam-width");
        CheckAtLeast(1, Iterations, "iterations");
        CheckAtLeast(0, Lookahead, "lookahead");
        if (StopWhenDecided == Vote.Naive)
            throw CudaSearchException.BadInput("a naive vote is never decided early: any answer to come may have the best score; stop with the weighted or majority vote");
        CheckAtLeast(1, ChainLength, "chain-length");
        CheckPositive(BalanceTemperature, "balance-temperature");
        CheckPositive(ResamplingTemperature, "resampling-temperature");
        CheckNotNegative(Exploration, "exploration");
        CheckNotNegative(Novelty, "novelty");
        Sampling.Validate();
    }

    /// <summary>Throws when the beam width does not divide N.</summary>
    internal void ValidateWidth(string strategy)
    {
        if (N % BeamWidth == 0) return;
        long nextN = ((long)N / BeamWidth + 1) * BeamWidth;
        int nextWidth = Enumerable.Range(1, Math.Min(N, BeamWidth)).Last(width => N % width == 0);
        throw CudaSearchException.BadInput(
            $"n is {N} and beam-width {BeamWidth}, but {strategy} needs an n that beam-width divides; use n {nextN} or beam-width {nextWidth}");
    }

    private static void CheckAtLeast(int minimum, int value, string name)
    {
        if (value < minimum) throw CudaSearchException.BadInput($"{name} is {value}; it must be {minimum} or greater");
    }

    private static void CheckNotNegative(float value, string name)
    {
        if (!(float.IsFinite(value) && value >= 0)) throw CudaSearchException.BadInput($"{name} is {value}; it must be a finite number, 0 or greater");
    }

    private static void CheckPositive(float value, string name)
    {
        if (!(float.IsFinite(value) && value > 0)) throw CudaSearchException.BadInput($"{name} is {value}; it must be a finite number greater than 0");
    }
}
