using System.Numerics;

namespace CudaSearch.Answers.Algebra;

/// <summary>Exact roots of rational numbers.</summary>
internal static class SquareRoots
{
    private const int MaxPrime = 1000;

    /// <summary>Beyond this a factor without small primes might still hide a square.</summary>
    private static readonly BigInteger s_certain = (BigInteger)MaxPrime * MaxPrime * MaxPrime;

    /// <summary>√value as a rational times the root of a square-free integer; null where that integer cannot be told from one with a square in it.</summary>
    public static RationalFunction? Of(Rational value, WorkBudget budget)
    {
        if (value.IsZero) return RationalFunction.Of(Rational.Zero);
        if (Split(BigInteger.Abs(value.Numerator * value.Denominator), budget) is not { } parts) return null;
        (BigInteger outside, BigInteger inside) = parts;
        Rational coefficient = Rational.Of(outside, value.Denominator);
        return RationalFunction.Of(inside.IsOne && value.Sign > 0
            ? Polynomial.Constant(coefficient)
            : Polynomial.Term(Monomial.Root(inside * value.Sign), coefficient));
    }

    /// <summary>The exact n-th root of a rational number; real for a negative one of odd degree; null where there is none.</summary>
    public static Rational? Exact(Rational value, int degree)
    {
        if (value.Sign < 0) return degree % 2 == 1 && Exact(-value, degree) is { } root ? -root : null;
        return IntegerRoot(value.Numerator, degree) is { } n && IntegerRoot(value.Denominator, degree) is { } d ? Rational.Of(n, d) : null;
    }

    /// <summary>outside² · inside, with inside square-free.</summary>
    private static (BigInteger Outside, BigInteger Inside)? Split(BigInteger value, WorkBudget budget)
    {
        BigInteger outside = 1, inside = 1;
        if (!budget.TrySpend(value.GetBitLength() + 20)) return null;
        for (int prime = 2; prime <= MaxPrime && value > 1; prime += prime == 2 ? 1 : 2)
        {
            if ((BigInteger)prime * prime > value) break;
            while (value % (prime * prime) == 0)
            {
                value /= prime * prime;
                outside *= prime;
                if (!budget.TrySpend()) return null;
            }
            if (value % prime != 0) continue;
            value /= prime;
            inside *= prime;
        }
        if (IntegerRoot(value, 2) is { } root) return (outside * root, inside);
        return value < s_certain ? (outside, inside * value) : null; // with at most two prime factors, and no square
    }

    private static BigInteger? IntegerRoot(BigInteger value, int degree)
    {
        if (value.IsZero || value.IsOne) return value;
        if (value.GetBitLength() > 512 || degree > 512) return null;
        BigInteger guess = new(Math.Round(Math.Exp(BigInteger.Log(value) / degree)));
        for (int step = 0; step < 64; step++) // Newton's method, from a guess good to 15 digits
        {
            BigInteger next = ((degree - 1) * guess + value / BigInteger.Pow(guess, degree - 1)) / degree;
            if (BigInteger.Abs(next - guess) <= 1) break;
            guess = next;
        }
        for (BigInteger candidate = guess - 2; candidate <= guess + 2; candidate++)
            if (candidate > 0 && BigInteger.Pow(candidate, degree) == value) return candidate;
        return null;
    }
}
