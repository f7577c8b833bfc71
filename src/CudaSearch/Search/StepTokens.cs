using CudaSearch.Engine;
using CudaSearch.Tokenization;

namespace CudaSearch.Search;

/// <summary>Tells which of an answer's tokens belong to which of its steps.</summary>
internal static class StepTokens
{
    /// <summary>How many tokens begin in each piece of <see cref="StepRules.SplitSteps"/>; those without text, the end token among them, where the next would begin.</summary>
    /// <param name="tokenizer">Of the model that wrote them.</param>
    /// <param name="drawn">The tokens of the text, without the end token.</param>
    /// <param name="result">The text, and how many tokens were drawn.</param>
    public static int[] Count(Tokenizer tokenizer, ReadOnlySpan<int> drawn, GenerationResult result)
    {
        string[] pieces = StepRules.SplitSteps(result.Text);
        int[] counts = new int[pieces.Length];
        var decoder = new StreamingDecoder(tokenizer, continuation: true);
        int piece = 0, end = pieces[0].Length, position = 0;
        for (int i = 0; i < result.GeneratedTokens; i++)
        {
            while (position >= end && piece < pieces.Length - 1) end += pieces[++piece].Length;
            counts[piece]++;
            // A token beyond the tokenizer's vocabulary has no text.
            if (i < drawn.Length && drawn[i] < tokenizer.VocabularySize) position += decoder.Append(drawn[i]).Length;
        }
        return counts;
    }
}
