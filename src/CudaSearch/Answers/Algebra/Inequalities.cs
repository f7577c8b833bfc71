using static CudaSearch.Answers.Algebra.Expression;

namespace CudaSearch.Answers.Algebra;

/// <summary>Turns inequalities that bound one quantity into sets of numbers.</summary>
internal sealed class Inequalities(Scalars scalars)
{
    private static readonly Symbol s_infinity = new("∞");

    /// <summary>
    /// The quantity and its set, as <c>quantity = set</c>: for bounds, from one side or two, on a name, on what is linear in a single variable,
    /// or on the absolute value of such. Null for other chains.
    /// </summary>
    public Relation? Solve(Relation chain) => (chain.Sides, chain.Signs) switch
    {
        ([var left, var right], [var sign]) when IsOrder(sign) => SolveOne(left, right, sign),
        ([var low, var middle, var high], [var first, var second]) when IsUpward(first) && IsUpward(second) => Within(middle, Bounds(low, high, first, second)),
        ([var high, var middle, var low], [var first, var second]) when IsDownward(first) && IsDownward(second) => Within(middle, Bounds(low, high, second, first)),
        _ => null,
    };

    /// <summary>The set of those numbers that satisfy two bounds from opposite sides which together leave nothing out: such a list means both.</summary>
    public Interval? Both(Expression a, Expression b)
    {
        if (a is not Interval x || b is not Interval y) return null;
        (Interval above, Interval below) = IsInfinite(x.High) ? (x, y) : (y, x);
        if (!IsInfinite(above.High) || !IsInfinite(below.Low)) return null;
        return scalars.Constant(above.Low) < scalars.Constant(below.High) ? below with { Low = above.Low, LowClosed = above.LowClosed } : null;
    }

    private static Interval Bounds(Expression low, Expression high, char first, char second) => new(low, high, first is '≤' or '≥', second is '≤' or '≥');

    private static bool IsUpward(char sign) => sign is '<' or '≤';

    private static bool IsDownward(char sign) => sign is '>' or '≥';

    private static bool IsOrder(char sign) => IsUpward(sign) || IsDownward(sign);

    private bool IsInfinite(Expression bound) => scalars.Constant(bound) is { } value && double.IsInfinity(value);

    private bool IsConstant(Expression bound) => scalars.Constant(bound) is not null;

    private Relation? SolveOne(Expression left, Expression right, char sign)
    {
        bool closed = sign is '≤' or '≥';
        if (IsConstant(right)) return Within(left, HalfLine(right, IsUpward(sign), closed));
        if (IsConstant(left)) return Within(right, HalfLine(left, IsDownward(sign), closed));
        return Within(Difference(left, right), HalfLine(Of(0), IsUpward(sign), closed));
    }

    private static Interval HalfLine(Expression bound, bool below, bool closed) =>
        below ? new Interval(Negative(s_infinity), bound, LowClosed: false, closed) : new Interval(bound, s_infinity, closed, HighClosed: false);

    /// <summary>What lies in an interval, solved for its name or variable.</summary>
    private Relation? Within(Expression quantity, Interval interval)
    {
        if (!IsConstant(interval.Low) || !IsConstant(interval.High)) return null;
        if (IsMagnitude(quantity)) return WithinMagnitude(((Call)quantity).Arguments[0], interval);
        return Names.IsName(quantity) ? Named(quantity, interval) : SolveLinear(quantity, interval);
    }

    /// <summary>|q| up to a bound is one interval, from a bound on or between two it is two.</summary>
    private Relation? WithinMagnitude(Expression inner, Interval interval)
    {
        if (IsInfinite(interval.Low)) return Within(inner, interval with { Low = Negative(interval.High), LowClosed = interval.HighClosed });
        var mirrored = new Interval(Negative(interval.High), Negative(interval.Low), interval.HighClosed, interval.LowClosed);
        return Within(inner, mirrored) is { Sides: [var name, var low] } && Within(inner, interval) is { Sides: [_, var high] } ? Named(name, new Union([low, high])) : null;
    }

    /// <summary>An absolute value of something with a variable; of two points (<c>|AB|</c>) it is a length, and a name.</summary>
    private static bool IsMagnitude(Expression quantity) => quantity is Call { Function: "abs", Arguments: [var inner] } && (inner is Symbol || !Names.IsName(inner));

    private static Relation Named(Expression name, Expression set) => new([name, set], ['=']);

    /// <summary>a·x + b in an interval, where b is the value at 0 and a the step to 1, if the step to 2 is the same.</summary>
    private Relation? SolveLinear(Expression quantity, Interval interval)
    {
        if (Trees.Variables(quantity).Distinct().Take(2).ToArray() is not [var variable]) return null;
        Expression at0 = At(0), slope = Difference(At(1), at0), again = Difference(At(2), At(1));
        if (scalars.Constant(slope) is not { } a || a == 0 || scalars.Compare(slope, again) == Agreement.Different) return null;
        Expression low = Solution(interval.Low), high = Solution(interval.High);
        return Named(new Symbol(variable), a > 0
            ? interval with { Low = low, High = high }
            : new Interval(high, low, interval.HighClosed, interval.LowClosed));

        Expression At(int value) => Trees.Replace(quantity, variable, Of(value));

        Expression Solution(Expression bound)
        {
            if (IsInfinite(bound)) return a > 0 ? bound : Negative(bound);
            return new Quotient(Difference(bound, at0), slope);
        }
    }
}
