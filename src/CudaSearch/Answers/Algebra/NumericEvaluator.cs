using System.Numerics;
using static CudaSearch.Answers.Algebra.Expression;

namespace CudaSearch.Answers.Algebra;

/// <summary>The value of a scalar at one point: every variable has a value drawn from its name.</summary>
/// <param name="point">Which point; at odd ones variables are negative.</param>
/// <param name="budget">Pays for every node.</param>
internal sealed class NumericEvaluator(int point, WorkBudget budget)
{
    /// <summary>Whether a variable was met.</summary>
    public bool HasVariables { get; private set; }

    /// <summary>Whether the imaginary unit was met.</summary>
    public bool HasImaginaryUnit { get; private set; }

    /// <summary>The value; null for what is no scalar.</summary>
    public Ball? Evaluate(Expression expression)
    {
        if (!budget.TrySpend()) return null;
        return expression switch
        {
            Number number => Ball.Of(number.Value.ToDouble()),
            Symbol symbol => Name(symbol.Name),
            Sum sum => Fold(sum.Terms, Ball.Of(0), (a, b) => a + b),
            Product product => Fold(product.Factors, Ball.Of(1), (a, b) => a * b),
            Quotient quotient => Evaluate(quotient.Numerator) is { } n && Evaluate(quotient.Denominator) is { } d ? n * d.Inverse() : null,
            Power power => Evaluate(power.Base) is { } value && Evaluate(power.Exponent) is { } exponent ? NumericFunctions.Power(value, exponent, FractionOf(power.Exponent)) : null,
            BaseNumber number => Ball.Of(ExactEvaluator.ValueOf(number).ToDouble()),
            Measured measured => Evaluate(measured.Value) is { } value ? value * Ball.Of(measured.Unit switch { "%" => 0.01, "°" => Math.PI / 180, _ => 1 }) : null,
            Call call => Function(call),
            _ => null,
        };
    }

    private Ball? Name(string name)
    {
        switch (name)
        {
            case "π": return Ball.Of(Math.PI);
            case "e": return Ball.Of(Math.E);
            case "∞": return null;
            case "i":
                HasImaginaryUnit = true;
                return new Ball(Complex.ImaginaryOne, 0);
            default:
                HasVariables = true;
                return Ball.Of((point % 2 == 0 ? 1 : -1) * Chance.Of(name, point));
        }
    }

    private Ball? Fold(IReadOnlyList<Expression> operands, Ball start, Func<Ball, Ball, Ball> combine)
    {
        foreach (Expression operand in operands)
        {
            if (Evaluate(operand) is not { } value) return null;
            start = combine(start, value);
        }
        return start;
    }

    private Ball? Function(Call call)
    {
        List<Ball> arguments = [];
        foreach (Expression argument in call.Arguments)
        {
            if (Evaluate(argument) is not { } value) return null;
            arguments.Add(value);
        }
        if (NumericFunctions.Apply(call.Function, arguments) is { } known) return known;
        if (call.Function == "binom") return Binomial(arguments[0], arguments[1]);
        HasVariables = true;
        return NumericFunctions.Unknown(call.Function, arguments);
    }

    private static Ball Binomial(Ball n, Ball k)
    {
        Ball rest = n + Ball.Of(-1) * k;
        return NumericFunctions.Apply("factorial", [n])!.Value * (NumericFunctions.Apply("factorial", [k])!.Value * NumericFunctions.Apply("factorial", [rest])!.Value).Inverse();
    }

    /// <summary>An exponent that is written as a number or a fraction of numbers.</summary>
    private Rational? FractionOf(Expression exponent) => exponent switch
    {
        Number number => number.Value,
        Symbol => null,
        _ => new ExactEvaluator(budget.Slice(200)).Evaluate(exponent)?.AsRational,
    };
}
