namespace CudaSearch.Answers;

/// <summary>The form under which equal answers are counted together in a vote.</summary>
public static class CanonicalAnswer
{
    /// <summary>
    /// The normalised text; where that is a plain number, the number itself as an integer or a fraction in lowest terms, so that <c>0.5</c>, <c>+.50</c> and <c>\frac{2}{4}</c>
    /// are one answer. Search-and-learn simplifies whole expressions with a computer algebra system here; apart from numbers, this compares texts.
    /// </summary>
    public static string Of(string answer)
    {
        string stripped = AnswerNormalizer.StripString(answer);
        return Rational.TryParse(stripped)?.ToString() ?? stripped;
    }
}
