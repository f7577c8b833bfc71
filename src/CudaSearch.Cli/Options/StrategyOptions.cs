using System.CommandLine;
using CudaSearch.Answers;
using CudaSearch.Evaluation;
using CudaSearch.Search;
using CudaSearch.Verification;

namespace CudaSearch.Cli.Options;

/// <summary>How to search, on which models.</summary>
internal sealed class StrategyOptions
{
    private static readonly SearchOptions s_defaults = new() { N = 16 };

    private readonly Option<string> _strategy = Values.Choice(
        "--strategy", "how to search", "beam", [.. SearchStrategies.All.Select(strategy => strategy.Name)]);

    private readonly Option<int> _n = Values.Integer("--n", "answers written, or beams alive at once", s_defaults.N, minimum: 1, "-n");

    private readonly Option<int> _beamWidth = Values.Integer(
        "--beam-width", "beam search keeps the best n/width beams; DVTS and confidence grow n/width subtrees", s_defaults.BeamWidth, minimum: 1);

    private readonly Option<int> _iterations = Values.Integer("--iterations", "most steps of an answer", s_defaults.Iterations, minimum: 1);

    private readonly Option<int> _lookahead = Values.Integer("--lookahead", "greedy steps to look ahead before a step is scored", s_defaults.Lookahead, minimum: 0);

    private readonly Option<float> _balanceTemperature = Values.Real(
        "--balance-temperature", "REBASE: softmax temperature by which scores share the budget", s_defaults.BalanceTemperature, value => value > 0, "a finite number greater than 0");

    private readonly Option<float> _resamplingTemperature = Values.Real(
        "--resampling-temperature", "particle filtering: softmax temperature by which particles are drawn", s_defaults.ResamplingTemperature, value => value > 0, "a finite number greater than 0");

    private readonly Option<int> _chainLength = Values.Integer(
        "--chain-length", "revision: answers of a chain, the first and its revisions; n answers in all", s_defaults.ChainLength, minimum: 1);

    private readonly Option<bool> _stopWhenDecided = new("--stop-when-decided")
    {
        Description = "best-of-n, majority: write no more of the n answers than it takes to decide the vote",
    };

    private readonly Option<float> _exploration = Values.Real(
        "--exploration", "MCTS: how much a step that was looked at seldom counts against one that scores well", s_defaults.Exploration, value => value >= 0, "a finite number, 0 or greater");

    private readonly Option<float> _novelty = Values.Real(
        "--novelty", "confidence: weight of a step's new words against the model's confidence in it", s_defaults.Novelty, value => value >= 0, "a finite number, 0 or greater");

    private readonly Option<string?> _policy = new("--policy") { Description = "compute-optimal: the policy that the command compute-optimal saved" };

    private readonly Option<ulong> _seed = Values.Seed(42);

    private readonly Option<string> _aggregate = Values.Choice("--aggregate", "how step scores become one", "last", Names<Aggregation>());

    private readonly Option<string?> _vote = Values.OptionalChoice(
        "--vote", $"how the answers become one: {string.Join(", ", Names<Vote>())} [default: weighted where steps are scored, else majority]", Names<Vote>());

    private readonly Option<bool> _filterDuplicates = new("--filter-duplicates") { Description = "beam search: of beams with the same text keep the first" };

    private readonly Option<bool> _sortCompleted = new("--sort-completed") { Description = "beam search: return the best finished answers instead of the earliest" };

    private readonly Option<string?> _compat = Values.OptionalChoice(
        "--compat", $"reproduce the quirks of another program: {Compatibility.SearchAndLearn}", [Compatibility.SearchAndLearn]);

    private readonly Option<bool> _recordTree = new("--record-tree")
    {
        Description = "keep every step of the search in the JSON record, column tree: for the command tree, and as data; records grow to a few times their size",
    };

    private readonly VerifierOptions _verifiers;
    private readonly SamplingOptions _sampling;
    private readonly ModelOptions _models;

    public StrategyOptions(Command command)
    {
        foreach (Option option in (Option[])
            [
                _strategy, _n, _beamWidth, _iterations, _lookahead, _balanceTemperature, _resamplingTemperature, _exploration, _novelty, _chainLength, _policy,
                _stopWhenDecided, _filterDuplicates, _sortCompleted, _aggregate, _vote, _seed, _compat, _recordTree,
            ])
            command.Add(option);
        _verifiers = new VerifierOptions(command, searches: true);
        _sampling = new SamplingOptions(command, s_defaults.Sampling.MaxTokens, "a step, or of an answer written in one go");
        _models = new ModelOptions(command, generates: true, judges: true);
    }

    /// <summary>How to search and what to open for it, checked against each other.</summary>
    /// <exception cref="UsageException">Values contradict each other.</exception>
    public (RunSettings Settings, WorkbenchOptions Models) Read(ParseResult parsed)
    {
        ISearchStrategy strategy = SearchStrategies.Create(parsed.GetValue(_strategy)!);
        bool compatible = IsCompatible(parsed);
        int n = parsed.GetValue(_n);
        Vote? vote = parsed.GetValue(_vote) is { } name ? Enum.Parse<Vote>(name, ignoreCase: true) : null;
        var search = new SearchOptions
        {
            N = n,
            // A width nobody asked for is never larger than n.
            BeamWidth = compatible || parsed.GetResult(_beamWidth) is { Implicit: false } ? parsed.GetValue(_beamWidth) : Math.Min(n, s_defaults.BeamWidth),
            ChainLength = parsed.GetValue(_chainLength),
            StopWhenDecided = parsed.GetValue(_stopWhenDecided) ? vote ?? (strategy.ScoresAnswers ? Vote.Weighted : Vote.Majority) : null,
            Iterations = parsed.GetValue(_iterations),
            Lookahead = parsed.GetValue(_lookahead),
            BalanceTemperature = parsed.GetValue(_balanceTemperature),
            ResamplingTemperature = parsed.GetValue(_resamplingTemperature),
            Exploration = parsed.GetValue(_exploration),
            Novelty = parsed.GetValue(_novelty),
            FilterDuplicates = parsed.GetValue(_filterDuplicates),
            SortCompleted = parsed.GetValue(_sortCompleted),
            Policy = parsed.GetValue(_policy) is { } policy ? ComputeOptimalPolicy.Load(policy) : null,
            Aggregation = Enum.Parse<Aggregation>(parsed.GetValue(_aggregate)!, ignoreCase: true),
            Sampling = _sampling.Read(parsed),
        };
        UsageException.Check(() => strategy.Validate(compatible ? Compatibility.Apply(search) : search));
        WorkbenchOptions models = _models.ReadWithVerifier(parsed);
        JudgeOptions judge = _verifiers.Read(parsed);
        if (!judge.UsesPrm) models = models with { Prm = null };
        if (!strategy.ScoresAnswers && vote is Vote.Naive or Vote.Weighted)
            throw new UsageException($"--vote {parsed.GetValue(_vote)} needs scores, and --strategy {strategy.Name} scores nothing; use best-of-n");
        if (!strategy.NeedsVerifier) models = models with { Prm = null };
        var settings = new RunSettings { Strategy = strategy.Name, Search = search, Seed = parsed.GetValue(_seed), Judge = judge, Vote = vote, RecordTree = parsed.GetValue(_recordTree) };
        return compatible ? (Compatibility.Apply(settings), Compatibility.Apply(models)) : (settings, models);
    }

    /// <summary>Whether search-and-learn's quirks are wanted.</summary>
    public bool IsCompatible(ParseResult parsed) => parsed.GetValue(_compat) == Compatibility.SearchAndLearn;

    /// <summary>Opens the models. That a reward model is missing is said only once the generator is known to be one.</summary>
    public static Workbench Open(CommandHost host, RunSettings settings, WorkbenchOptions models)
    {
        Workbench workbench = Models.Open(host, models);
        if (workbench.Verifier is not null || !settings.Judge.UsesPrm || !SearchStrategies.Create(settings.Strategy).NeedsVerifier) return workbench;
        workbench.Dispose();
        throw new UsageException($"--strategy {settings.Strategy} needs step scores; give a process reward model with --prm, another judge with --verifier, or use confidence, majority or greedy, which need none");
    }

    private static string[] Names<T>()
        where T : struct, Enum => [.. Enum.GetNames<T>().Select(name => name.ToLowerInvariant())];
}
