using System.Numerics;
using static CudaSearch.Answers.Algebra.Expression;

namespace CudaSearch.Answers.Algebra;

/// <summary>
/// Turns a scalar into a fraction of polynomials over the rationals, square roots of integers and the imaginary unit. Variables, π and e are
/// atoms that do not depend on each other; what is beyond that field (sines, nested roots, powers with variable exponents) becomes an atom
/// that may depend on others and is named by its exact arguments.
/// </summary>
internal sealed class ExactEvaluator(WorkBudget budget)
{
    private const int MaxExponent = 4096;
    private const int MaxFactorial = 200;

    /// <summary>The exact value; null where it has none, is no scalar, or costs too much.</summary>
    public RationalFunction? Evaluate(Expression expression)
    {
        if (!budget.TrySpend()) return null;
        return expression switch
        {
            Number number => RationalFunction.Of(number.Value),
            Symbol symbol => Name(symbol.Name),
            Sum sum => Fold(sum.Terms, RationalFunction.Of(Rational.Zero), RationalFunction.Add),
            Product product => Fold(product.Factors, RationalFunction.Of(Rational.One), RationalFunction.Multiply),
            Quotient quotient => Evaluate(quotient.Numerator) is { } n && Evaluate(quotient.Denominator)?.Inverse() is { } d ? RationalFunction.Multiply(n, d, budget) : null,
            Power power => Power(power),
            Call call => Function(call),
            BaseNumber number => RationalFunction.Of(ValueOf(number)),
            Measured measured => Measure(measured),
            _ => null,
        };
    }

    /// <summary>The value of a number in its base.</summary>
    public static Rational ValueOf(BaseNumber number) => Rational.Of(number.Digits.Aggregate(BigInteger.Zero, (value, digit) => value * number.Base + (digit - '0')));

    private static RationalFunction? Name(string name) => name switch
    {
        "i" => RationalFunction.Of(Polynomial.Term(Monomial.Root(-1), Rational.One)),
        "∞" => null,
        _ => RationalFunction.Atom(name),
    };

    private RationalFunction? Fold(
        IReadOnlyList<Expression> operands, RationalFunction start, Func<RationalFunction, RationalFunction, WorkBudget, RationalFunction?> combine)
    {
        RationalFunction result = start;
        foreach (Expression operand in operands)
        {
            if (Evaluate(operand) is not { } value || combine(result, value, budget) is not { } combined) return null;
            result = combined;
        }
        return result;
    }

    private RationalFunction? Measure(Measured measured)
    {
        if (Evaluate(measured.Value) is not { } value) return null;
        return measured.Unit switch
        {
            "%" => RationalFunction.Multiply(value, RationalFunction.Of(Rational.Of(1, 100)), budget),
            "°" => RationalFunction.Multiply(value, RationalFunction.Of(Polynomial.Term(Monomial.Atom("π"), Rational.Of(1, 180))), budget),
            _ => value,
        };
    }

    private RationalFunction? Power(Power power)
    {
        if (Evaluate(power.Base) is not { } value || Evaluate(power.Exponent) is not { } exponent) return null;
        if (exponent.AsRational is not { } rational) return Opaque("^", value, exponent);
        if (rational.Numerator.GetBitLength() > 31 || BigInteger.Abs(rational.Numerator) > MaxExponent) return Opaque("^", value, exponent);
        int numerator = (int)rational.Numerator;
        if (rational.IsInteger) return value.Power(numerator, budget);
        if (value.AsRational is { } known && rational.Denominator <= 64 && Root(known, (int)rational.Denominator) is { } root) return root.Power(numerator, budget);
        // x^{2/3} is (x^{1/3})²: one atom for all powers of a root
        return Opaque("^", value, RationalFunction.Of(Rational.Of(1, rational.Denominator)))?.Power(numerator, budget);
    }

    private RationalFunction? Root(Rational value, int degree) =>
        degree == 2 ? SquareRoots.Of(value, budget) : SquareRoots.Exact(value, degree) is { } root ? RationalFunction.Of(root) : null;

    private RationalFunction? Function(Call call)
    {
        List<RationalFunction> arguments = [];
        foreach (Expression argument in call.Arguments)
        {
            if (Evaluate(argument) is not { } value) return null;
            arguments.Add(value);
        }
        Rational?[] numbers = [.. arguments.Select(argument => argument.AsRational)];
        if (Number(call.Function, numbers) is { } result) return RationalFunction.Of(result);
        return Opaque(call.Function, [.. arguments]);
    }

    /// <summary>A function of rational numbers whose value is one; null for others.</summary>
    private Rational? Number(string function, Rational?[] arguments) => (function, arguments) switch
    {
        ("abs", [{ } x]) => x.Sign < 0 ? -x : x,
        ("floor", [{ } x]) => Rational.Of(Floor(x)),
        ("ceil", [{ } x]) => Rational.Of(-Floor(-x)),
        ("factorial", [{ IsInteger: true, Sign: >= 0 } n]) when n.Numerator <= MaxFactorial => Factorial((int)n.Numerator),
        ("binom", [{ IsInteger: true, Sign: >= 0 } n, { IsInteger: true, Sign: >= 0 } k]) when n.Numerator <= MaxFactorial => Binomial((int)n.Numerator, k.Numerator),
        ("max", [{ } x, { } y]) => (x - y).Sign >= 0 ? x : y,
        ("min", [{ } x, { } y]) => (x - y).Sign >= 0 ? y : x,
        _ => null,
    };

    private static BigInteger Floor(Rational x) => (x.Numerator - ((x.Numerator % x.Denominator) + x.Denominator) % x.Denominator) / x.Denominator;

    private Rational? Factorial(int n)
    {
        if (!budget.TrySpend(n)) return null;
        BigInteger product = 1;
        for (int i = 2; i <= n; i++) product *= i;
        return Rational.Of(product);
    }

    private Rational? Binomial(int n, BigInteger k)
    {
        if (k > n) return Rational.Zero;
        return Factorial(n) is { } all && Factorial((int)k) is { } chosen && Factorial(n - (int)k) is { } left ? all / (chosen * left) : null;
    }

    private RationalFunction? Opaque(string function, params RationalFunction[] arguments)
    {
        string name = $"#{function}({string.Join(';', arguments.Select(argument => argument.ToString()))})";
        return budget.TrySpend(name.Length / 8) ? RationalFunction.Atom(name) : null;
    }
}
