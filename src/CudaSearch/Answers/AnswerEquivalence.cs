using CudaSearch.Answers.Algebra;

namespace CudaSearch.Answers;

/// <summary>
/// Decides whether an answer is right, as a mathematician would: it reads both sides and compares what they say. Any text is allowed; the
/// work is bounded by a count of steps, so a verdict takes a millisecond as a rule and 50 at most, and is the same on every machine.
/// </summary>
public static class AnswerEquivalence
{
    /// <summary>Longest text whose end is searched for an answer.</summary>
    private const int MaxText = 50_000;

    /// <summary>Whether a predicted answer equals the reference answer; see <see cref="Compare"/>.</summary>
    public static bool AreEqual(string gold, string predicted) => Compare(gold, predicted) != Agreement.Different;

    /// <summary>
    /// How a predicted answer agrees with the reference answer. Either may be a bare answer, LaTeX in dollar signs, or a whole solution, of
    /// which the final answer counts. Lists are sets, tuples are ordered; a unit, a per cent sign or a name (<c>x =</c>) that one side leaves
    /// out is no difference. An empty answer equals only an empty one. Symmetric.
    /// </summary>
    /// <param name="gold">The reference.</param>
    /// <param name="predicted">The prediction, as written or as <see cref="AnswerExtractor.Extract"/> leaves it.</param>
    /// <param name="options">What counts as the same; null for the defaults.</param>
    public static Agreement Compare(string gold, string predicted, EquivalenceOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(gold);
        ArgumentNullException.ThrowIfNull(predicted);
        if (gold == predicted) return Agreement.Identical;
        string left = AnswerLocator.Locate(Tail(gold)).Trim(), right = AnswerLocator.Locate(Tail(predicted)).Trim();
        if (left == right) return Agreement.Identical;
        if (left.Length > 0 && right.Length > 0)
        {
            Agreement agreement = CompareReadings(left, right, options ?? EquivalenceOptions.Default);
            if (agreement != Agreement.Different) return agreement;
            if (WordAnswers.AreEqual(left, right)) return Agreement.Words;
        }
        return IsNormalised(gold, predicted) || IsNormalised(predicted, gold) ? Agreement.Normalised : Agreement.Different;
    }

    private static Agreement CompareReadings(string left, string right, EquivalenceOptions options)
    {
        var budget = new WorkBudget(WorkBudget.Default);
        List<Expression> ours = AnswerReader.Read(left, budget), theirs = AnswerReader.Read(right, budget);
        var comparer = new AnswerComparer(options, budget);
        foreach (Expression a in ours)
        {
            foreach (Expression b in theirs)
            {
                Agreement agreement = comparer.Compare(a, b);
                if (agreement != Agreement.Different && !budget.IsSpent) return agreement;
            }
        }
        return Agreement.Different;
    }

    /// <summary>
    /// Whether one text is what search-and-learn's normalisation leaves of the other. It cuts units so roughly that <c>1 \pm \sqrt{19}</c>
    /// loses its sign; an extracted answer that went through it still has to match its reference. Of <c>\text{east}</c> it leaves nothing, which matches nothing.
    /// </summary>
    private static bool IsNormalised(string whole, string stripped) =>
        stripped.Length > 0 && whole.Length <= AnswerReader.MaxLength && AnswerNormalizer.StripString(whole) == stripped;

    private static string Tail(string text) => text.Length > MaxText ? text[^MaxText..] : text;
}
