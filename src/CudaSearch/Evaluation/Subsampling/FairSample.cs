namespace CudaSearch.Evaluation.Subsampling;

/// <summary>Of which runs the first answers are exactly what a run of a smaller n writes: same seed, same streams, and nothing that looks at all n.</summary>
internal static class FairSample
{
    /// <summary>Throws where a smaller n cannot be cut out of a run.</summary>
    /// <param name="strategy">The run's strategy.</param>
    /// <param name="settings">Its settings in words.</param>
    /// <param name="from">Its n.</param>
    /// <param name="n">The n wanted.</param>
    /// <param name="path">Its file, for the message.</param>
    public static void Require(string strategy, string settings, int from, int n, string path)
    {
        if (n >= from) throw CudaSearchException.BadInput($"{path} is a run of n {from}; a smaller n can be taken out of it, not {n}");
        if (SettingsText.Find(settings, "stop-when-decided") is not null)
            throw CudaSearchException.BadInput($"{path} was run with stop-when-decided: which answers it left out depends on its n of {from}; run eval with n {n} instead");
        if (Unit(strategy, settings) is not { } unit)
            throw CudaSearchException.BadInput(
                $"{path} is a run of {strategy}, whose answers depend on all {from} that were searched together, so {n} of them are no run of n {n}; "
                + $"run eval with n {n} instead (subsample takes best-of-n, majority and revision, and whole subtrees of dvts and confidence)");
        if (n % unit != 0)
            throw CudaSearchException.BadInput($"{path} is a run of {strategy}, which is taken by whole subtrees of {unit} answers; n is {n}, and must be a multiple of {unit}");
    }

    /// <summary>
    /// Whether the tokens of the answers are all that was written for them. Subtrees wrote candidates, too, which left no answer.
    /// </summary>
    public static bool CountsEveryToken(string strategy) => strategy is "best-of-n" or "majority" or "revision";

    /// <summary>Answers that belong together; null where all do.</summary>
    private static int? Unit(string strategy, string settings) => strategy switch
    {
        // A chain's first answers are a shorter chain.
        "best-of-n" or "majority" or "revision" => 1,
        "dvts" => Width(settings),
        // New words are those that no subtree wrote.
        "confidence" => SettingsText.Find(settings, "novelty") == "0" ? Width(settings) : null,
        _ => null,
    };

    private static int? Width(string settings) => int.TryParse(SettingsText.Find(settings, "beam-width"), out int width) && width > 0 ? width : null;
}
