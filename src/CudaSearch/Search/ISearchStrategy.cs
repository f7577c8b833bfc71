using CudaSearch.Verification;

namespace CudaSearch.Search;

/// <summary>A way to spend test-time compute on one problem. Strategies are plain async code; whoever runs many at once batches them.</summary>
public interface ISearchStrategy
{
    /// <summary>The name the command line knows it by, e.g. <c>best-of-n</c>.</summary>
    string Name { get; }

    /// <summary>True when it needs step scores.</summary>
    bool NeedsVerifier { get; }

    /// <summary>True when its completions have scores, a verifier's or its own, by which votes can be weighted.</summary>
    bool ScoresAnswers => NeedsVerifier;

    /// <summary>Throws <see cref="CudaSearchException"/> when these options make no sense for this strategy.</summary>
    void Validate(SearchOptions options);

    /// <summary>Searches one problem.</summary>
    Task<SearchResult> SearchAsync(SearchContext context, CancellationToken cancellation = default);
}

/// <summary>What a search works with.</summary>
/// <param name="Problem">The problem text, exactly as given.</param>
/// <param name="Generator">Writes steps.</param>
/// <param name="Verifier">Scores steps; null only for strategies that need none.</param>
/// <param name="Options">How to search.</param>
/// <param name="Tree">Where every step is recorded as it happens.</param>
/// <param name="Seed">The run's seed, for what a strategy itself chooses at random; the generator knows it for its tokens.</param>
public sealed record SearchContext(
    string Problem, IGenerator Generator, IVerifier? Verifier, SearchOptions Options, SearchTree Tree, ulong Seed = 0)
{
    internal ChoiceStream Choices => new(Seed, EngineGenerator.ProblemKey(Problem));

    internal IVerifier RequireVerifier(ISearchStrategy strategy) =>
        Verifier ?? throw CudaSearchException.BadInput($"the strategy {strategy.Name} needs a process reward model, and none was given");
}

/// <summary>One finished (or, in DVTS, possibly unfinished) answer.</summary>
/// <param name="Text">The answer text.</param>
/// <param name="StepScores">One score per step; empty when nothing scored it.</param>
/// <param name="Aggregate">The aggregate of <paramref name="StepScores"/>; 0 when nothing scored it.</param>
/// <param name="Tokens">How many tokens it took to write, shared prefixes included.</param>
public sealed record Completion(string Text, IReadOnlyList<double> StepScores, double Aggregate, int Tokens)
{
    /// <summary>False where the search left the answer unfinished: DVTS returns such siblings of the chosen step.</summary>
    public bool Finished { get; init; } = true;

    /// <summary>Its last step in the search's tree; null where the search keeps none.</summary>
    public SearchNode? Node { get; init; }
}

/// <summary>The outcome of a search.</summary>
/// <param name="Completions">All answers, in the order the strategy defines.</param>
/// <param name="Best">Index of the largest aggregate, the first on ties.</param>
public sealed record SearchResult(IReadOnlyList<Completion> Completions, int Best);
