namespace CudaSearch.Verification;

/// <summary>What families that judge by tokens have in common: they are language models.</summary>
internal static class LanguageModelHead
{
    /// <summary>
    /// What a checkpoint lacks to be a language model; null when nothing. One that was saved with another head is none, whatever it shares.
    /// </summary>
    public static string? Missing(PrmFiles files)
    {
        IReadOnlyList<string> architectures = files.Checkpoint.Config.Architectures;
        if (architectures.Count > 0 && !architectures.Any(name => name.EndsWith("ForCausalLM", StringComparison.Ordinal)))
            return $"an architecture …ForCausalLM (config.json names {string.Join(", ", architectures)})";
        Checkpoints.ModelConfig config = files.Checkpoint.Config;
        return config.TieWordEmbeddings ? null : files.LacksTensor("lm_head.weight", config.VocabSize, config.HiddenSize);
    }
}
