using static CudaSearch.Answers.Algebra.Expression;

namespace CudaSearch.Answers.Algebra;

/// <summary>
/// Whether two scalars are one number or one function: exactly where arithmetic decides it, else by their values at points. A decimal is also
/// equal to what it is a rounding of.
/// </summary>
/// <param name="budget">Pays for everything.</param>
/// <param name="decimals">Digits after the point to which numbers need to agree; null for full precision.</param>
internal sealed class Scalars(WorkBudget budget, int? decimals)
{
    private const int Points = 24; // at most
    private const int Agreements = 6; // points that have to agree, none disagreeing
    private const double Tolerance = 1e-10; // relative
    private const double Trusted = 1e-7; // relative error beyond which a point says nothing

    /// <summary>Significant digits from which on a decimal may stand for the exact number it is a rounding of.</summary>
    private const int RoundedDigits = 4;

    /// <summary>Steps for the exact comparison of two scalars; what takes more is compared at points.</summary>
    private const int ExactSteps = 6000;

    /// <summary>How the two agree.</summary>
    public Agreement Compare(Expression a, Expression b)
    {
        if (!budget.TrySpend(4)) return Agreement.Different;
        if (a is Number x && b is Number y && x.Value == y.Value) return Agreement.Exact;
        if (IsInfinite(a) || IsInfinite(b)) return Constant(a) == Constant(b) ? Agreement.Exact : Agreement.Different;
        bool? equal = AreExactlyEqual(a, b);
        if (equal == true) return Agreement.Exact;
        if (decimals is not null || IsRounding(a, b) || IsRounding(b, a)) return CompareRounded(a, b);
        if (equal == false) return Agreement.Different;
        return CompareAtPoints(a, b);
    }

    private bool? AreExactlyEqual(Expression a, Expression b)
    {
        WorkBudget slice = budget.Slice(ExactSteps);
        var exact = new ExactEvaluator(slice);
        return exact.Evaluate(a) is { } left && exact.Evaluate(b) is { } right ? RationalFunction.AreEqual(left, right, slice) : null;
    }

    /// <summary>The constant c ≠ 0 with a = c·b for all values of the variables; null where there is none or it cannot be told.</summary>
    public double? Ratio(Expression a, Expression b)
    {
        double? ratio = null;
        for (int point = 0, agreements = 0; point < Points; point++)
        {
            if (At(a, point, out _) is not { } x || At(b, point, out _) is not { } y) continue;
            if (y.Size <= y.Error || (x * y.Inverse()) is not { IsReal: true } quotient || quotient.Error > Trusted * quotient.Size) continue;
            double value = quotient.Value.Real;
            ratio ??= value;
            if (Math.Abs(value - ratio.Value) > Tolerance * Math.Abs(value) + 2 * quotient.Error) return null;
            if (++agreements == Agreements) return ratio;
        }
        return null;
    }

    /// <summary>The real value of a constant; null for what depends on a variable.</summary>
    public double? Constant(Expression value)
    {
        switch (value)
        {
            case Symbol { Name: "∞" }: return double.PositiveInfinity;
            case Product { Factors: [Number { Value.Sign: < 0 }, Symbol { Name: "∞" }] }: return double.NegativeInfinity;
        }
        return At(value, 0, out NumericEvaluator evaluator) is { IsReal: true } ball && !evaluator.HasVariables ? ball.Value.Real : null;
    }

    private bool IsInfinite(Expression value) => Trees.Mentions(value, "∞") && Constant(value) is { } constant && double.IsInfinity(constant);

    private Agreement CompareAtPoints(Expression a, Expression b)
    {
        for (int point = 0, agreements = 0; point < Points; point++)
        {
            if (At(a, point, out NumericEvaluator left) is not { } x || At(b, point, out NumericEvaluator right) is not { } y) continue;
            if (x.IsReal != y.IsReal && !left.HasImaginaryUnit && !right.HasImaginaryUnit) continue; // outside one's domain
            double size = Math.Max(x.Size, y.Size), error = x.Error + y.Error;
            if (error > Trusted * Math.Max(size, 1e-3)) continue;
            if ((x.Value - y.Value).Magnitude > Tolerance * size + 2 * error) return Agreement.Different;
            if (!left.HasVariables && !right.HasVariables || ++agreements == Agreements) return Agreement.Numeric;
        }
        return Agreement.Different;
    }

    private Ball? At(Expression expression, int point, out NumericEvaluator evaluator)
    {
        evaluator = new NumericEvaluator(point, budget);
        return evaluator.Evaluate(expression) is { IsFinite: true } value ? value : null;
    }

    /// <summary>Whether one is a decimal with enough digits and the other is not written as one.</summary>
    private static bool IsRounding(Expression a, Expression b) => Literal(a) is { Significant: >= RoundedDigits, Decimals: > 0 } && Literal(b) is null;

    private static Number? Literal(Expression expression) => expression switch
    {
        Number number => number,
        Product { Factors: [Number { Value: var sign }, Number number] } when sign == -Rational.One => number,
        _ => null,
    };

    private Agreement CompareRounded(Expression a, Expression b)
    {
        if (Constant(a) is not { } x || Constant(b) is not { } y || !double.IsFinite(x) || !double.IsFinite(y)) return CompareAtPoints(a, b);
        int places = decimals ?? Math.Max(Literal(a)?.Decimals ?? 0, Literal(b)?.Decimals ?? 0);
        double unit = Math.Pow(10, -Math.Min(places, 300));
        return Math.Abs(x - y) <= unit * 0.5 * (1 + 1e-9) + 1e-14 * Math.Abs(x) ? Agreement.Rounded : Agreement.Different;
    }
}
