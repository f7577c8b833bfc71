using System.Text.Json;

namespace CudaSearch.Evaluation.Datasets;

/// <summary>One problem of a dataset.</summary>
/// <param name="Index">Position among all rows of the file, from 0; blank lines do not count. It does not depend on the range that was
/// read.</param>
/// <param name="Problem">The problem text, exactly as in the file.</param>
/// <param name="Columns">Every column verbatim, the ones below included: an object that outlives the file.</param>
public sealed record DatasetRow(int Index, string Problem, JsonElement Columns)
{
    /// <summary>The reference answer; a number in the file is taken as it is written there. Null where the row has none.</summary>
    public string? Answer { get; init; }

    /// <summary>The difficulty level as text ("3", "Level 3"); null where the row has none.</summary>
    public string? Level { get; init; }

    /// <summary>The subject; null where the row has none.</summary>
    public string? Subject { get; init; }

    /// <summary>The row's name in its dataset; null where the row has none.</summary>
    public string? UniqueId { get; init; }
}
