using static CudaSearch.Answers.Algebra.Expression;

namespace CudaSearch.Answers.Algebra;

/// <summary>Whether two equations or inequalities hold for the same values.</summary>
internal static class Equations
{
    /// <summary>
    /// Equal if the differences of their sides are in a constant ratio, which for an inequality is positive where they point the same way and
    /// negative where they do not. Scaled and rearranged forms are found so; what needs a case distinction is not.
    /// </summary>
    public static Agreement Compare(Relation a, Relation b, Scalars scalars, AnswerComparer comparer)
    {
        if (a.Sides.Count != 2 || b.Sides.Count != 2) return CompareChains(a, b, comparer);
        (char left, char right) = (a.Signs[0], b.Signs[0]);
        bool same = left == right, opposite = left == Reversed(right);
        if (!same && !opposite) return Agreement.Different;
        Expression x = Difference(a.Sides[0], a.Sides[1]), y = Difference(b.Sides[0], b.Sides[1]);
        if (scalars.Ratio(x, y) is not { } ratio) return Agreement.Different;
        return ratio > 0 ? same ? Agreement.Numeric : Agreement.Different : opposite ? Agreement.Numeric : Agreement.Different;
    }

    private static Agreement CompareChains(Relation a, Relation b, AnswerComparer comparer)
    {
        if (a.Sides.Count != b.Sides.Count) return Agreement.Different;
        bool same = a.Signs.SequenceEqual(b.Signs), opposite = a.Signs.SequenceEqual(b.Signs.Reverse().Select(Reversed));
        if (!same && !opposite) return Agreement.Different;
        IEnumerable<Expression> sides = same ? b.Sides : b.Sides.Reverse();
        return a.Sides.Zip(sides, comparer.Compare).All(agreement => agreement != Agreement.Different) ? Agreement.Numeric : Agreement.Different;
    }

    private static char Reversed(char sign) => sign switch { '<' => '>', '>' => '<', '≤' => '≥', '≥' => '≤', _ => sign };
}
