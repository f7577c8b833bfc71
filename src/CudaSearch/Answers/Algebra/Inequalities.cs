using static CudaSearch.Answers.Algebra.Expression;

namespace CudaSearch.Answers.Algebra;

/// <summary>Turns inequalities that bound one quantity into sets of numbers.</summary>
internal sealed class Inequalities(Scalars scalars)
{
    private static readonly Symbol s_infinity = new("∞");

    /// <summary>
    /// The quantity and its set, as <c>quantity = set</c>: for bounds on a name from one side or two, on its absolute value, and for an
    /// inequality that is linear in its only variable. Null for other chains.
    /// </summary>
    public Relation? Solve(Relation chain) => (chain.Sides, chain.Signs) switch
    {
        ([var left, var right], [var sign]) when IsOrder(sign) => SolveOne(left, right, sign),
        ([var low, var name, var high], [var first, var second]) when IsUpward(first) && IsUpward(second) => Between(name, low, high, first == '≤', second == '≤'),
        ([var high, var name, var low], [var first, var second]) when IsDownward(first) && IsDownward(second) => Between(name, low, high, second == '≥', first == '≥'),
        _ => null,
    };

    private static bool IsUpward(char sign) => sign is '<' or '≤';

    private static bool IsDownward(char sign) => sign is '>' or '≥';

    private static bool IsOrder(char sign) => IsUpward(sign) || IsDownward(sign);

    private Relation? SolveOne(Expression left, Expression right, char sign)
    {
        bool closed = sign is '≤' or '≥';
        if (Names.IsName(left) && scalars.Constant(right) is not null) return HalfLine(left, right, IsUpward(sign), closed);
        if (Names.IsName(right) && scalars.Constant(left) is not null) return HalfLine(right, left, IsDownward(sign), closed);
        return SolveLinear(Difference(left, right), IsUpward(sign), closed);
    }

    private static Relation HalfLine(Expression name, Expression bound, bool below, bool closed)
    {
        if (!below) return Named(name, new Interval(bound, s_infinity, closed, false));
        Expression low = IsMagnitude(name) ? Negative(bound) : Negative(s_infinity);
        return Named(Inner(name), new Interval(low, bound, closed && IsMagnitude(name), closed));
    }

    private Relation? Between(Expression name, Expression low, Expression high, bool lowClosed, bool highClosed)
    {
        if (!Names.IsName(name) || scalars.Constant(low) is null || scalars.Constant(high) is null) return null;
        var upper = new Interval(low, high, lowClosed, highClosed);
        if (!IsMagnitude(name)) return Named(name, upper);
        return Named(Inner(name), new Union([new Interval(Negative(high), Negative(low), highClosed, lowClosed), upper]));
    }

    /// <summary>|x| of one variable; of two points it is a length, and a name.</summary>
    private static bool IsMagnitude(Expression name) => name is Call { Function: "abs", Arguments: [Symbol] };

    private static Expression Inner(Expression name) => IsMagnitude(name) ? ((Call)name).Arguments[0] : name;

    private static Relation Named(Expression name, Expression set) => new([name, set], ['=']);

    /// <summary>difference &lt; 0 (or &gt; 0), where the difference is a·x + b: f(0) = b and f(1) − f(0) = a, if f(2) says the same.</summary>
    private Relation? SolveLinear(Expression difference, bool below, bool closed)
    {
        if (Trees.Variables(difference).Distinct().Take(2).ToArray() is not [var variable]) return null;
        Expression at0 = At(0), slope = Difference(At(1), at0), again = Difference(At(2), At(1));
        if (scalars.Constant(slope) is not { } a || a == 0 || scalars.Compare(slope, again) == Agreement.Different) return null;
        return HalfLine(new Symbol(variable), new Quotient(Negative(at0), slope), below == a > 0, closed);

        Expression At(int value) => Trees.Replace(difference, variable, Of(value));
    }
}
