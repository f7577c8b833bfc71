using System.Numerics;

namespace CudaSearch.Answers.Algebra;

/// <summary>
/// A product of atoms to positive powers and of the square root of a square-free integer, which is negative where the imaginary unit is a
/// factor. Square roots of different square-free integers are linearly independent over the rationals, so a sum of monomials is zero only if
/// every coefficient is.
/// </summary>
internal sealed class Monomial : IEquatable<Monomial>
{
    private readonly (string Atom, int Power)[] _factors; // by ordinal name
    private readonly BigInteger _radicand;

    private Monomial((string Atom, int Power)[] factors, BigInteger radicand)
    {
        _factors = factors;
        _radicand = radicand;
        Key = string.Concat(factors.Select(factor => $"{factor.Atom}^{factor.Power} ")) + (radicand.IsOne ? "" : $"√{radicand}");
    }

    /// <summary>The empty product.</summary>
    public static Monomial One { get; } = new([], 1);

    /// <summary>What tells monomials apart.</summary>
    public string Key { get; }

    /// <summary>Whether it is 1.</summary>
    public bool IsOne => Key.Length == 0;

    /// <summary>Whether some atom is a function of other atoms, so that different monomials need not be independent.</summary>
    public bool IsDependent => _factors.Any(factor => factor.Atom[0] == '#');

    /// <summary>One atom.</summary>
    /// <param name="name">Its name; a leading <c>#</c> marks a function of other atoms.</param>
    public static Monomial Atom(string name) => new([(name, 1)], 1);

    /// <summary>The square root of a square-free integer other than 0.</summary>
    public static Monomial Root(BigInteger radicand) => new([], radicand);

    /// <summary>The product of two: a monomial times an integer, because <c>√6 · √10 = 2√15</c> and <c>i² = −1</c>.</summary>
    public static (Monomial Product, BigInteger Factor) Multiply(Monomial a, Monomial b)
    {
        if (a.IsOne) return (b, 1);
        if (b.IsOne) return (a, 1);
        BigInteger left = BigInteger.Abs(a._radicand), right = BigInteger.Abs(b._radicand);
        BigInteger common = BigInteger.GreatestCommonDivisor(left, right);
        bool bothImaginary = a._radicand.Sign < 0 && b._radicand.Sign < 0;
        BigInteger radicand = left / common * (right / common) * a._radicand.Sign * b._radicand.Sign;
        return (new Monomial(Merge(a._factors, b._factors), radicand), bothImaginary ? -common : common);
    }

    public bool Equals(Monomial? other) => other is not null && Key == other.Key;

    public override bool Equals(object? obj) => Equals(obj as Monomial);

    public override int GetHashCode() => Key.GetHashCode(StringComparison.Ordinal);

    private static (string Atom, int Power)[] Merge((string Atom, int Power)[] a, (string Atom, int Power)[] b)
    {
        if (a.Length == 0) return b;
        if (b.Length == 0) return a;
        return [.. a.Concat(b).GroupBy(factor => factor.Atom, factor => factor.Power, StringComparer.Ordinal)
            .Select(group => (group.Key, group.Sum())).OrderBy(factor => factor.Key, StringComparer.Ordinal)];
    }
}
