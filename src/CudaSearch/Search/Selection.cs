namespace CudaSearch.Search;

/// <summary>The tie rules of choosing by score, search-and-learn's throughout.</summary>
internal static class Selection
{
    /// <summary>Index of the largest score; the first of equals.</summary>
    public static int ArgMax(IReadOnlyList<double> scores)
    {
        int best = 0;
        for (int i = 1; i < scores.Count; i++)
            if (scores[i] > scores[best]) best = i;
        return best;
    }

    /// <summary>
    /// Which of the scores survive: a stable ascending sort, of which the last <paramref name="count"/> are taken, so the later of equals.
    /// Kept from the original: a count of 0 keeps all, because it slices with <c>[-0:]</c>.
    /// </summary>
    public static HashSet<int> Survivors(IReadOnlyList<double> scores, int count)
    {
        IEnumerable<int> ascending = Enumerable.Range(0, scores.Count).OrderBy(i => scores[i]);
        return [.. count == 0 ? ascending : ascending.TakeLast(count)];
    }

    /// <summary>The completions as a result, the first of the largest aggregates as its best.</summary>
    public static SearchResult WithBest(IReadOnlyList<Completion> completions) =>
        new(completions, ArgMax([.. completions.Select(completion => completion.Aggregate)]));
}
