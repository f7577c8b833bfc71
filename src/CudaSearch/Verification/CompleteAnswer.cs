namespace CudaSearch.Verification;

/// <summary>Whether an answer has come to its end, as far as its text shows.</summary>
internal static class CompleteAnswer
{
    /// <summary>The phrases by which <see cref="Answers.AnswerExtractor"/> finds a final answer, its last resort, any number, left out; and GSM8K's.</summary>
    private static readonly string[] s_phrases = ["boxed{", "he answer is", "final answer is", "答案是", "#### "];

    /// <summary>Whether the text states a final answer.</summary>
    public static bool IsStatedIn(string answer) => Array.Exists(s_phrases, phrase => answer.Contains(phrase, StringComparison.Ordinal));
}
