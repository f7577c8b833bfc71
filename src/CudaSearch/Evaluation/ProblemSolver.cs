using System.Diagnostics;
using CudaSearch.Answers;
using CudaSearch.Engine;
using CudaSearch.Search;
using CudaSearch.Verification;

namespace CudaSearch.Evaluation;

/// <summary>Searches problems with one strategy on one workbench. Many calls may run at once: the engines batch them.</summary>
public sealed class ProblemSolver
{
    private readonly Workbench _workbench;
    private readonly RunSettings _settings;
    private readonly ISearchStrategy _strategy;

    /// <summary>Checks the settings.</summary>
    /// <exception cref="CudaSearchException">The strategy is unknown, an option makes no sense for it, or it needs a verifier that is not there.</exception>
    public ProblemSolver(Workbench workbench, RunSettings settings)
    {
        _workbench = workbench;
        _settings = settings;
        _strategy = SearchStrategies.Create(settings.Strategy);
        _strategy.Validate(settings.Search);
        if (_strategy.NeedsVerifier && workbench.Verifier is null)
            throw CudaSearchException.BadInput($"--strategy {settings.Strategy} needs step scores; give a process reward model with --prm, or use majority or greedy");
        // Fails here, not in the middle of a run, when a model has no chat template.
        _ = Tokenization.ChatTemplate.For(workbench.Generator.Tokenizer);
        Identity = RunIdentity.Of(workbench, settings, _strategy.NeedsVerifier);
    }

    /// <summary>What distinguishes this run from others.</summary>
    public RunIdentity Identity { get; }

    /// <summary>Whether a search may write fewer than N completions, because those to come cannot change its vote.</summary>
    public bool StopsWhenDecided => _settings.Search.StopWhenDecided is not null;

    /// <summary>Searches one problem.</summary>
    /// <param name="problem">Its text.</param>
    /// <param name="tree">Records every step as it happens.</param>
    /// <param name="cancellation">Ends the search.</param>
    public async Task<SolveRecord> SolveAsync(string problem, SearchTree tree, CancellationToken cancellation = default)
    {
        if (string.IsNullOrWhiteSpace(problem)) throw CudaSearchException.BadInput("the problem is empty; give its text");
        var clock = Stopwatch.StartNew();
        var generation = new Usage();
        var verification = new Usage();
        var generator = new EngineGenerator(_workbench.Generator, _settings.Seed, _settings.SystemPrompt, generation);
        PrmVerifier? verifier = _strategy.NeedsVerifier
            ? new PrmVerifier(_workbench.Verifier!, verification, _settings.SystemPrompt ?? "")
            : null;
        SearchResult result = await _strategy
            .SearchAsync(new SearchContext(problem, generator, verifier, _settings.Search, tree, _settings.Seed), cancellation).ConfigureAwait(false);
        List<string> answers = [.. result.Completions.Select(completion => AnswerExtractor.Extract(completion.Text))];
        Vote vote = _settings.Vote ?? (_strategy.NeedsVerifier ? Vote.Weighted : Vote.Majority);
        return new SolveRecord
        {
            Problem = problem,
            Run = Identity,
            Completions = result.Completions,
            Pred = result.Completions[result.Best].Text,
            Answers = answers,
            FinalAnswer = Voting.Choose(
                vote, answers, [.. answers.Select(CanonicalAnswer.Of)], [.. result.Completions.Select(completion => completion.Aggregate)], answers.Count),
            Usage = new SolveUsage(
                clock.Elapsed.TotalSeconds, generation.GeneratedTokens, generation.PrefillTokens, verification.PrefillTokens, verifier?.TokensWithoutReuse ?? 0,
                generation.PagesPeak + verification.PagesPeak, generation.PagesPeakWithoutSharing + verification.PagesPeakWithoutSharing,
                generation.Passes + verification.Passes),
        };
    }
}
