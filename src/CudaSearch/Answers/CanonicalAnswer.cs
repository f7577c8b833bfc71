namespace CudaSearch.Answers;

/// <summary>The form under which equal answers are counted together in a vote.</summary>
public static class CanonicalAnswer
{
    private const int MaxRounds = 8; // real answers settle after two; only contrived texts need more

    /// <summary>
    /// The normalised text; where that is a plain number, the number itself as an integer or a fraction in lowest terms, so that
    /// <c>0.5</c>, <c>+.50</c> and <c>\frac{2}{4}</c> are one answer. Search-and-learn simplifies whole expressions with a computer algebra
    /// system here; apart from numbers, this compares texts.
    /// </summary>
    public static string Of(string answer)
    {
        string stripped = StripUntilStable(answer);
        return Rational.TryParse(stripped)?.ToString() ?? stripped;
    }

    /// <summary>
    /// Normalising is not idempotent (a number word can be laid bare by a later rule: <c>\text{five}</c>), so a reference answer as it
    /// stands and an extracted answer, which has been normalised once, meet only where nothing is left to do.
    /// </summary>
    private static string StripUntilStable(string answer)
    {
        for (int round = 0; round < MaxRounds; round++)
        {
            string stripped = AnswerNormalizer.StripString(answer);
            if (stripped == answer) break;
            answer = stripped;
        }
        return answer;
    }
}
