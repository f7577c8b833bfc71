using System.Numerics;

namespace CudaSearch.Answers.Algebra;

/// <summary>A sum of monomials with rational coefficients, none of them zero. Exact.</summary>
internal sealed class Polynomial
{
    /// <summary>Bits of a coefficient beyond which exact arithmetic is given up.</summary>
    private const long MaxBits = 16_384;

    /// <summary>Terms beyond which exact arithmetic is given up.</summary>
    private const int MaxTerms = 500;

    private readonly Dictionary<Monomial, Rational> _terms;

    private Polynomial(Dictionary<Monomial, Rational> terms) => _terms = terms;

    /// <summary>Zero.</summary>
    public static Polynomial Zero { get; } = new([]);

    /// <summary>One.</summary>
    public static Polynomial One { get; } = Constant(Rational.One);

    /// <summary>Whether it is identically zero; final where <see cref="IsDependent"/> is false.</summary>
    public bool IsZero => _terms.Count == 0;

    /// <summary>Whether atoms occur that are functions of others.</summary>
    public bool IsDependent => _terms.Keys.Any(monomial => monomial.IsDependent);

    /// <summary>The value where it is a rational number; null otherwise.</summary>
    public Rational? AsRational => _terms.Count switch
    {
        0 => Rational.Zero,
        1 when _terms.First() is { Key.IsOne: true } only => only.Value,
        _ => null,
    };

    /// <summary>A number.</summary>
    public static Polynomial Constant(Rational value) => value.IsZero ? Zero : Term(Monomial.One, value);

    /// <summary>A monomial times a number other than zero.</summary>
    public static Polynomial Term(Monomial monomial, Rational coefficient) => new(new Dictionary<Monomial, Rational> { [monomial] = coefficient });

    /// <summary>The sum; null where it grows too large.</summary>
    public static Polynomial? Add(Polynomial a, Polynomial b, WorkBudget budget)
    {
        if (a.IsZero) return b;
        if (b.IsZero) return a;
        if (!budget.TrySpend(a._terms.Count + b._terms.Count)) return null;
        var sum = new Dictionary<Monomial, Rational>(a._terms);
        foreach ((Monomial monomial, Rational coefficient) in b._terms)
            if (!TryAdd(sum, monomial, coefficient)) return null;
        return new Polynomial(sum);
    }

    /// <summary>The product; null where it grows too large.</summary>
    public static Polynomial? Multiply(Polynomial a, Polynomial b, WorkBudget budget)
    {
        var product = new Dictionary<Monomial, Rational>();
        foreach ((Monomial left, Rational x) in a._terms)
        {
            foreach ((Monomial right, Rational y) in b._terms)
            {
                if (x.Bits + y.Bits > MaxBits || !budget.TrySpend(8 + (x.Bits + y.Bits) / 256 + (left.Key.Length + right.Key.Length) / 8)) return null;
                (Monomial monomial, BigInteger factor) = Monomial.Multiply(left, right);
                if (!TryAdd(product, monomial, x * y * Rational.Of(factor))) return null;
            }
        }
        return new Polynomial(product);
    }

    /// <summary>The same polynomial with every coefficient times a number other than zero.</summary>
    public Polynomial Scale(Rational factor) => new(_terms.ToDictionary(term => term.Key, term => term.Value * factor));

    /// <summary>The coefficient of the first term in a fixed order; the polynomial is not zero.</summary>
    public Rational Leading() => _terms.MinBy(term => term.Key.Key, StringComparer.Ordinal).Value;

    /// <summary>Equal polynomials have equal texts.</summary>
    public override string ToString() =>
        string.Join('+', _terms.OrderBy(term => term.Key.Key, StringComparer.Ordinal).Select(term => $"{term.Value}·{term.Key.Key}"));

    private static bool TryAdd(Dictionary<Monomial, Rational> terms, Monomial monomial, Rational coefficient)
    {
        Rational sum = terms.TryGetValue(monomial, out Rational present) ? present + coefficient : coefficient;
        if (sum.IsZero) terms.Remove(monomial);
        else terms[monomial] = sum;
        return terms.Count <= MaxTerms && sum.Bits <= MaxBits;
    }
}
