namespace CudaSearch.Answers.Algebra;

/// <summary>An exact fraction of polynomials. Not reduced: equality multiplies crosswise.</summary>
/// <param name="Numerator">The numerator.</param>
/// <param name="Denominator">The denominator, not zero.</param>
internal sealed record RationalFunction(Polynomial Numerator, Polynomial Denominator)
{
    /// <summary>The value where it is plainly a rational number; null otherwise.</summary>
    public Rational? AsRational => Numerator.AsRational is { } n && Denominator.AsRational is { IsZero: false } d ? n / d : null;

    /// <summary>Whether atoms occur that are functions of others, so that a difference need not be one.</summary>
    public bool IsDependent => Numerator.IsDependent || Denominator.IsDependent;

    /// <summary>A polynomial.</summary>
    public static RationalFunction Of(Polynomial polynomial) => new(polynomial, Polynomial.One);

    /// <summary>A number.</summary>
    public static RationalFunction Of(Rational value) => Of(Polynomial.Constant(value));

    /// <summary>One atom; see <see cref="Monomial.Atom"/>.</summary>
    public static RationalFunction Atom(string name) => Of(Polynomial.Term(Monomial.Atom(name), Rational.One));

    /// <summary>The sum; null where it grows too large.</summary>
    public static RationalFunction? Add(RationalFunction a, RationalFunction b, WorkBudget budget)
    {
        if (ReferenceEquals(a.Denominator, b.Denominator)) return Polynomial.Add(a.Numerator, b.Numerator, budget) is { } same ? a with { Numerator = same } : null;
        return Polynomial.Multiply(a.Numerator, b.Denominator, budget) is { } left && Polynomial.Multiply(b.Numerator, a.Denominator, budget) is { } right
            && Polynomial.Add(left, right, budget) is { } sum && Polynomial.Multiply(a.Denominator, b.Denominator, budget) is { } denominator
            ? Simplified(sum, denominator) : null;
    }

    /// <summary>The product; null where it grows too large.</summary>
    public static RationalFunction? Multiply(RationalFunction a, RationalFunction b, WorkBudget budget) =>
        Polynomial.Multiply(a.Numerator, b.Numerator, budget) is { } n && Polynomial.Multiply(a.Denominator, b.Denominator, budget) is { } d ? Simplified(n, d) : null;

    /// <summary>The inverse; null for zero.</summary>
    public RationalFunction? Inverse() => Numerator.IsZero ? null : Simplified(Denominator, Numerator);

    /// <summary>An integer power; null where it grows too large, and for a negative power of zero.</summary>
    public RationalFunction? Power(int exponent, WorkBudget budget)
    {
        if (exponent < 0) return Inverse()?.Power(-exponent, budget);
        RationalFunction result = Of(Rational.One), square = this;
        for (int rest = exponent; rest > 0; rest >>= 1)
        {
            if ((rest & 1) == 1)
            {
                if (Multiply(result, square, budget) is not { } product) return null;
                result = product;
            }
            if (rest == 1) break;
            if (Multiply(square, square, budget) is not { } next) return null;
            square = next;
        }
        return result;
    }

    /// <summary>
    /// Whether the two are one function: a·d − c·b = 0. Null where that is too much work, or where atoms depend on each other and the
    /// difference is not plainly zero.
    /// </summary>
    public static bool? AreEqual(RationalFunction a, RationalFunction b, WorkBudget budget)
    {
        if (Add(a, b.Negated(), budget) is not { } difference) return null;
        if (difference.Numerator.IsZero) return true;
        return difference.IsDependent ? null : false;
    }

    /// <summary>The negative.</summary>
    public RationalFunction Negated() => this with { Numerator = Numerator.Scale(-Rational.One) };

    /// <summary>Equal functions mostly have equal texts.</summary>
    public override string ToString() => $"({Numerator})/({Denominator})";

    /// <summary>The denominator's first coefficient made one, and a constant denominator 1 itself.</summary>
    private static RationalFunction Simplified(Polynomial numerator, Polynomial denominator)
    {
        if (denominator.IsZero) throw new InvalidOperationException("a denominator is zero"); // products of what is not zero are not zero
        Rational leading = denominator.Leading();
        if (denominator.AsRational is not null) return Of(leading == Rational.One ? numerator : numerator.Scale(Rational.One / leading));
        if (leading == Rational.One) return new RationalFunction(numerator, denominator);
        Rational factor = Rational.One / leading;
        return new RationalFunction(numerator.Scale(factor), denominator.Scale(factor));
    }
}
