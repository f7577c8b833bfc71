using System.Numerics;

namespace CudaSearch.Verification.Arithmetic;

/// <summary>
/// A rational number in lowest terms. Operations without a rational result, and those whose result is longer than any solution writes, give null.
/// </summary>
internal readonly record struct ExactNumber
{
    /// <summary>Some 600 digits: beyond it arithmetic on what a model wrote could take seconds.</summary>
    private const int MaxBits = 2048;

    private const int MaxExponent = 1024;

    private ExactNumber(BigInteger numerator, BigInteger denominator) => (Numerator, Denominator) = (numerator, denominator);

    /// <summary>The signed numerator.</summary>
    public BigInteger Numerator { get; }

    /// <summary>At least 1.</summary>
    public BigInteger Denominator { get; }

    /// <summary>Whether it has no fraction.</summary>
    public bool IsInteger => Denominator.IsOne;

    /// <summary>A quotient; null where it is none or is too long.</summary>
    public static ExactNumber? Of(BigInteger numerator, BigInteger denominator)
    {
        if (denominator.IsZero) return null;
        BigInteger divisor = BigInteger.GreatestCommonDivisor(numerator, denominator) * denominator.Sign;
        var number = new ExactNumber(numerator / divisor, denominator / divisor);
        return number.Bits <= MaxBits ? number : null;
    }

    /// <summary>The sum.</summary>
    public ExactNumber? Plus(ExactNumber other) => Of((Numerator * other.Denominator) + (other.Numerator * Denominator), Denominator * other.Denominator);

    /// <summary>The difference.</summary>
    public ExactNumber? Minus(ExactNumber other) => Plus(other.Negated());

    /// <summary>The product.</summary>
    public ExactNumber? Times(ExactNumber other) => Of(Numerator * other.Numerator, Denominator * other.Denominator);

    /// <summary>The quotient; null by zero.</summary>
    public ExactNumber? Over(ExactNumber other) => Of(Numerator * other.Denominator, Denominator * other.Numerator);

    /// <summary>The remainder of whole numbers, from 0 to the divisor; null for others and for a divisor that is not positive.</summary>
    public ExactNumber? Modulo(ExactNumber other)
    {
        if (!IsInteger || !other.IsInteger || other.Numerator.Sign <= 0) return null;
        BigInteger remainder = BigInteger.Remainder(Numerator, other.Numerator);
        return Of(remainder.Sign < 0 ? remainder + other.Numerator : remainder, 1);
    }

    /// <summary>The power; null where the exponent is no whole number, is large, or makes a reciprocal of zero.</summary>
    public ExactNumber? Power(ExactNumber exponent)
    {
        if (!exponent.IsInteger || BigInteger.Abs(exponent.Numerator) > MaxExponent) return null;
        int times = (int)BigInteger.Abs(exponent.Numerator);
        if (Bits * (long)times > MaxBits * 2) return null;
        BigInteger top = BigInteger.Pow(Numerator, times), bottom = BigInteger.Pow(Denominator, times);
        return exponent.Numerator.Sign < 0 ? Of(bottom, top) : Of(top, bottom);
    }

    /// <summary>The square root where it is rational, else null.</summary>
    public ExactNumber? Root()
    {
        return Numerator.Sign >= 0 && Floor(Numerator) is var top && Floor(Denominator) is var bottom
            && top * top == Numerator && bottom * bottom == Denominator
            ? Of(top, bottom)
            : null;

        // Newton's iteration from above.
        static BigInteger Floor(BigInteger square)
        {
            if (square < 2) return square;
            BigInteger root = BigInteger.One << (int)((square.GetBitLength() + 1) / 2);
            while (true)
            {
                BigInteger next = (root + (square / root)) >> 1;
                if (next >= root) return root;
                root = next;
            }
        }
    }

    /// <summary>The number with its sign changed.</summary>
    public ExactNumber Negated() => new(-Numerator, Denominator);

    /// <summary>
    /// Whether a decimal with so many places stands for this number: it is less than one unit of its last place away, rounded or cut off. A number that needs no
    /// more places is at least such a unit away from any other decimal, so it has to be met exactly.
    /// </summary>
    public bool IsWrittenAs(ExactNumber written, int places)
    {
        BigInteger difference = BigInteger.Abs((Numerator * written.Denominator) - (written.Numerator * Denominator));
        return difference * BigInteger.Pow(10, places) < Denominator * written.Denominator;
    }

    private long Bits => Numerator.GetBitLength() + Denominator.GetBitLength();
}
