using System.Diagnostics;
using CudaSearch.Answers;
using CudaSearch.Engine;
using CudaSearch.Evaluation.Throughput;
using CudaSearch.Search;
using CudaSearch.Verification;

namespace CudaSearch.Evaluation;

/// <summary>Searches problems with one strategy on one workbench. Many calls may run at once: the engines batch them.</summary>
public sealed class ProblemSolver : IDisposable
{
    // A MATH-style prompt and its answer, by the mean of both: about 600 tokens.
    private const int UsualPages = 38;

    private readonly Workbench _workbench;
    private readonly RunSettings _settings;
    private readonly ISearchStrategy _strategy;
    private readonly Judge _judge;

    /// <summary>Checks the settings.</summary>
    /// <exception cref="CudaSearchException">The strategy is unknown, an option makes no sense for it, or it needs a verifier that is not there.</exception>
    public ProblemSolver(Workbench workbench, RunSettings settings)
    {
        _workbench = workbench;
        _settings = settings;
        _strategy = SearchStrategies.Create(settings.Strategy);
        _strategy.Validate(settings.Search);
        if (_strategy.NeedsVerifier && settings.Judge.UsesPrm && workbench.Verifier is null)
        {
            throw CudaSearchException.BadInput(
                $"--strategy {settings.Strategy} needs step scores; give a process reward model with --prm, another judge with --verifier, or use confidence, majority or greedy, which need none");
        }
        // Fails here, not in the middle of a run, when a model has no chat template.
        _ = Tokenization.ChatTemplate.For(workbench.Generator.Tokenizer);
        Identity = RunIdentity.Of(workbench, settings, _strategy);
        _judge = new Judge(_strategy.NeedsVerifier ? settings.Judge : JudgeOptions.None);
    }

    /// <summary>What distinguishes this run from others.</summary>
    public RunIdentity Identity { get; }

    /// <summary>Whether a search may write fewer than N completions, because those to come cannot change its vote.</summary>
    public bool StopsWhenDecided => _settings.Search.StopWhenDecided is not null;

    /// <summary>Beams of usual length whose pages the caches hold at once, nothing shared: more would only set each other aside.</summary>
    public int BeamsThatFit => Math.Min(_workbench.Generator.Engine.PageCount, _workbench.Verifier?.Model.Engine.PageCount ?? int.MaxValue) / UsualPages;

    /// <summary>Searches one problem.</summary>
    /// <param name="problem">Its text.</param>
    /// <param name="tree">Records every step as it happens.</param>
    /// <param name="cancellation">Ends the search.</param>
    public Task<SolveRecord> SolveAsync(string problem, SearchTree tree, CancellationToken cancellation = default) => SolveAsync(problem, null, tree, cancellation);

    /// <summary>Searches one problem whose answer is known, which only an oracle looks at.</summary>
    /// <param name="problem">Its text.</param>
    /// <param name="reference">Its reference answer, or null.</param>
    /// <param name="tree">Records every step as it happens.</param>
    /// <param name="cancellation">Ends the search.</param>
    public async Task<SolveRecord> SolveAsync(string problem, string? reference, SearchTree tree, CancellationToken cancellation = default)
    {
        if (string.IsNullOrWhiteSpace(problem)) throw CudaSearchException.BadInput("the problem is empty; give its text");
        var clock = Stopwatch.StartNew();
        var generation = new Usage();
        var verification = new Usage();
        var generator = new EngineGenerator(_workbench.Generator, _settings.Seed, _settings.SystemPrompt, generation);
        PrmVerifier? prm = _judge.UsesPrm ? new PrmVerifier(_workbench.Verifier!, verification, _settings.SystemPrompt ?? "") : null;
        IVerifier? verifier = _strategy.NeedsVerifier ? _judge.For(prm, reference, _settings.Search.Aggregation) : null;
        SearchResult result = await _strategy
            .SearchAsync(new SearchContext(problem, generator, verifier, _settings.Search, tree, _settings.Seed), cancellation).ConfigureAwait(false);
        tree.Completions = [.. result.Completions.Select(completion => completion.Node).OfType<SearchNode>()];
        Ballot ballot = Ballot.Of(
            [.. result.Completions.Select(completion => completion.Text)],
            [.. result.Completions.Select(VotingScore)],
            [.. result.Completions.Select(completion => completion.Finished || _settings.UnfinishedVote)]);
        Vote vote = _settings.Vote ?? (_strategy.ScoresAnswers ? Vote.Weighted : Vote.Majority);
        return new SolveRecord
        {
            Problem = problem,
            Run = Identity,
            Completions = result.Completions,
            Pred = result.Completions[result.Best].Text,
            Ballot = ballot,
            OriginalTokenCounts = _settings.OriginalTokenCounts,
            Tree = _settings.RecordTree ? tree : null,
            FinalAnswer = ballot.Choose(vote, ballot.Answers.Count),
            Usage = new SolveUsage(
                clock.Elapsed.TotalSeconds, generation.GeneratedTokens, generation.PrefillTokens, verification.PrefillTokens, prm?.TokensWithoutReuse ?? 0,
                generation.PagesPeak + verification.PagesPeak, generation.PagesPeakWithoutSharing + verification.PagesPeakWithoutSharing,
                generation.Passes + verification.Passes, generation.ComputedTokens, generator.PromptTokens,
                Flops(_workbench.Generator, generation, generation.GeneratedTokens), prm is null ? 0 : Flops(_workbench.Verifier!.Model, verification, outputRows: 0)),
        };
    }

    /// <summary>Ends the programs that judge. No search may be running.</summary>
    public void Dispose() => _judge.Dispose();

    /// <summary>What the layers computed, and the vocabulary for each drawn token; a verifier's two rows or value head weigh nothing beside that.</summary>
    private static double Flops(LanguageModel model, Usage usage, long outputRows) =>
        ModelFlops.Of(model.Config, usage.ComputedTokens, outputRows, usage.AttendedKeys);

    /// <summary>What a completion weighs in votes; 0 where nothing scored it.</summary>
    private double VotingScore(Completion completion) =>
        _settings.VoteAggregation is { } aggregation && completion.StepScores.Count > 0 ? aggregation.Aggregate(completion.StepScores) : completion.Aggregate;
}
