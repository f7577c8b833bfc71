using System.Globalization;
using System.Text.Json;
using CudaSearch.Backends;
using CudaSearch.Search;
using CudaSearch.Verification;

namespace CudaSearch.Evaluation;

/// <summary>What distinguishes a run: two records may share a file only when these agree.</summary>
/// <param name="Strategy">Name of the strategy.</param>
/// <param name="N">Completions or beams.</param>
/// <param name="Seed">The seed.</param>
/// <param name="Settings">Every other option that changes the result, in words.</param>
/// <param name="Model">The generator.</param>
/// <param name="Prm">The verifier, or all of them in words, or the strategy where that scores by itself; null where completions are not scored.</param>
/// <param name="Backend">The backend that ran.</param>
/// <param name="Device">The device that ran.</param>
public sealed record RunIdentity(string Strategy, int N, ulong Seed, string Settings, string Model, string? Prm, string Backend, string Device)
{
    /// <summary>The identity of a run with these settings on this workbench.</summary>
    public static RunIdentity Of(Workbench workbench, RunSettings settings, ISearchStrategy strategy) => new(
        settings.Strategy, settings.Search.N, settings.Seed,
        Describe(settings) + Describe(workbench.Generator.Precision, "")
            + (strategy.NeedsVerifier && settings.Judge.UsesPrm ? Describe(workbench.Verifier!) : ""),
        workbench.ModelName!, JudgeOf(workbench, settings, strategy), workbench.Backend, workbench.Device);

    private static string? JudgeOf(Workbench workbench, RunSettings settings, ISearchStrategy strategy)
    {
        if (strategy.NeedsVerifier) return settings.Judge.Describe(workbench.PrmName);
        return strategy.ScoresAnswers ? strategy.Name : null;
    }

    /// <summary>How the steps are judged, whether recognised or told; nothing for what is usual.</summary>
    private static string Describe(ProcessRewardModel prm)
    {
        string text = prm.Format == PrmFormat.Rlhflow ? "" : $" prm-format={prm.Format.Name()}";
        if (prm.Rounding != RewardRounding.None) text += $" prm-rounding={prm.Rounding.ToString().ToLowerInvariant()}";
        if (prm.Format == PrmFormat.Trl) text += $" prm-separator={JsonEncodedText.Encode(prm.Options.StepSeparator)}";
        return text + Describe(prm.Model.Precision, "prm-");
    }

    /// <summary>What a model is kept in; nothing for what is usual.</summary>
    private static string Describe(ModelPrecision precision, string prefix)
    {
        string text = precision.Weights == WeightPrecision.Stored ? "" : $" {prefix}weights={precision.Weights.ToString().ToLowerInvariant()}";
        return precision.Kv == KvPrecision.Native ? text : text + $" {prefix}kv={precision.Kv.ToString().ToLowerInvariant()}";
    }

    private static string Describe(RunSettings settings)
    {
        SearchOptions search = settings.Search;
        string text = string.Create(
            CultureInfo.InvariantCulture,
            $"beam-width={search.BeamWidth} iterations={search.Iterations} lookahead={search.Lookahead} aggregate={search.Aggregation.ToString().ToLowerInvariant()} "
            + $"temperature={search.Sampling.Temperature} top-p={search.Sampling.TopP} top-k={search.Sampling.TopK} min-p={search.Sampling.MinP} max-tokens={search.Sampling.MaxTokens}");
        if (search.FilterDuplicates) text += " filter-duplicates";
        if (search.SortCompleted) text += " sort-completed";
        if (!search.StopWhenComplete) text += " run-on";
        if (search.AllowUnevenWidth) text += " uneven-width";
        if (search.FixedDvtsStepTokens) text += " fixed-dvts-step-tokens";
        if (settings.VoteAggregation is { } votes) text += $" vote-aggregate={votes.ToString().ToLowerInvariant()}";
        if (settings.UnfinishedVote) text += " unfinished-vote";
        if (settings.OriginalTokenCounts) text += " original-token-counts";
        if (settings.SystemPrompt != SystemPrompt.Default) text += $" system-prompt={(settings.SystemPrompt is { } prompt ? Digest.Of([prompt]) : "none")}";
        if (search.IgnoreLookahead) text += " ignore-lookahead";
        if (search.StopWhenDecided is { } vote) text += $" stop-when-decided={vote.ToString().ToLowerInvariant()}";
        text += settings.Strategy switch
        {
            "rebase" => string.Create(CultureInfo.InvariantCulture, $" balance-temperature={search.BalanceTemperature}"),
            "particle-filtering" => string.Create(CultureInfo.InvariantCulture, $" resampling-temperature={search.ResamplingTemperature}"),
            "mcts" => string.Create(CultureInfo.InvariantCulture, $" exploration={search.Exploration}"),
            "confidence" => string.Create(CultureInfo.InvariantCulture, $" novelty={search.Novelty}"),
            "revision" => $" chain-length={search.ChainLength} request={search.RevisionRequest}",
            _ => "",
        };
        if (search.Policy is { } policy) text += $" policy={policy.Text}";
        return text;
    }
}
