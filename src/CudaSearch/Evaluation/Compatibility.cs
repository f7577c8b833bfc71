using CudaSearch.Evaluation.Datasets;
using CudaSearch.Search;
using CudaSearch.Verification;

namespace CudaSearch.Evaluation;

/// <summary>
/// Everything in which search-and-learn does something other than its user probably means, switched on in one place. Without it each of these
/// options has the value that the user means. The documentation's table (docs/search-and-learn.md) lists them in this order.
/// </summary>
public static class Compatibility
{
    /// <summary>The name that <c>--compat</c> knows.</summary>
    public const string SearchAndLearn = "search-and-learn";

    /// <summary>The search's quirks.</summary>
    public static SearchOptions Apply(SearchOptions options) => options with
    {
        AllowUnevenWidth = true,
        StopWhenComplete = false,
        FixedDvtsStepTokens = true,
        IgnoreLookahead = true,
    };

    /// <summary>The quirks of a whole run, the search's included.</summary>
    public static RunSettings Apply(RunSettings settings) => settings with
    {
        Search = Apply(settings.Search),
        VoteAggregation = Aggregation.Last,
        UnfinishedVote = true,
        OriginalTokenCounts = true,
    };

    /// <summary>The process reward model's scores are rounded to the type that the original loads it in.</summary>
    public static WorkbenchOptions Apply(WorkbenchOptions models) => models with { PrmOptions = models.PrmOptions with { OriginalRounding = true } };

    /// <summary>A row range counts only when both of its ends are given.</summary>
    public static RowRange Apply(RowRange range) =>
        range.Start is null || range.End is null ? range with { Start = null, End = null } : range;
}
