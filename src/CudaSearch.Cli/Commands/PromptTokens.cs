using CudaSearch.Tokenization;

namespace CudaSearch.Cli.Commands;

/// <summary>Raw text as a model's input.</summary>
internal static class PromptTokens
{
    /// <summary>The ids of a text, after the tokens that the tokenizer puts before every text (Llama: BOS).</summary>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="text">The text.</param>
    /// <param name="special">Whether special tokens in it are recognised; those before the text are then up to the caller, where it names the first one.</param>
    public static int[] Of(Tokenizer tokenizer, string text, bool special)
    {
        int[] ids = special ? tokenizer.EncodeWithSpecialTokens(text) : tokenizer.Encode(text);
        bool named = special && tokenizer.PrefixIds.Count > 0 && ids.AsSpan().StartsWith([.. tokenizer.PrefixIds]);
        return named ? ids : [.. tokenizer.PrefixIds, .. ids];
    }
}
