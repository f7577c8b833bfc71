namespace CudaSearch.Answers;

/// <summary>Decides whether an answer is right.</summary>
public static class AnswerEquivalence
{
    /// <summary>
    /// Whether a predicted answer (not a whole solution, see <see cref="AnswerExtractor"/>) equals the reference answer: the same canonical
    /// form, or two plain numbers within a relative 1e-9. Both sides are normalised, so neither needs to be. An empty prediction equals
    /// only an empty reference.
    /// </summary>
    public static bool AreEqual(string gold, string predicted)
    {
        string left = CanonicalAnswer.Of(gold), right = CanonicalAnswer.Of(predicted);
        if (string.Equals(left, right, StringComparison.Ordinal)) return true;
        return Rational.TryParse(left) is { } a && Rational.TryParse(right) is { } b && Rational.AreClose(a, b);
    }
}
