using System.Numerics;

namespace CudaSearch.Answers;

/// <summary>An exact fraction in lowest terms with a positive denominator.</summary>
internal readonly record struct Rational
{
    private Rational(BigInteger numerator, BigInteger denominator)
    {
        BigInteger divisor = BigInteger.GreatestCommonDivisor(numerator, denominator) * denominator.Sign;
        Numerator = numerator / divisor;
        Denominator = denominator / divisor;
    }

    /// <summary>Zero.</summary>
    public static Rational Zero { get; } = Of(0);

    /// <summary>One.</summary>
    public static Rational One { get; } = Of(1);

    /// <summary>The signed numerator.</summary>
    public BigInteger Numerator { get; }

    /// <summary>The denominator, at least 1.</summary>
    public BigInteger Denominator { get; }

    /// <summary>Whether it is a whole number.</summary>
    public bool IsInteger => Denominator.IsOne;

    /// <summary>Whether it is zero.</summary>
    public bool IsZero => Numerator.IsZero;

    /// <summary>−1, 0 or 1.</summary>
    public int Sign => Numerator.Sign;

    /// <summary>Bits of both parts: what arithmetic on it costs.</summary>
    public long Bits => Numerator.GetBitLength() + Denominator.GetBitLength();

    /// <summary>A fraction; the denominator is not zero.</summary>
    public static Rational Of(BigInteger numerator, BigInteger denominator) => new(numerator, denominator);

    /// <summary>A whole number.</summary>
    public static Rational Of(BigInteger value) => new(value, 1);

    public static Rational operator +(Rational a, Rational b) => new(a.Numerator * b.Denominator + b.Numerator * a.Denominator, a.Denominator * b.Denominator);

    public static Rational operator -(Rational a) => new(-a.Numerator, a.Denominator);

    public static Rational operator -(Rational a, Rational b) => a + -b;

    public static Rational operator *(Rational a, Rational b) => new(a.Numerator * b.Numerator, a.Denominator * b.Denominator);

    /// <summary>The divisor is not zero.</summary>
    public static Rational operator /(Rational a, Rational b) => new(a.Numerator * b.Denominator, a.Denominator * b.Numerator);

    /// <summary>The nearest double, or nearly so; infinite where it is too large for one.</summary>
    public double ToDouble()
    {
        double numerator = (double)Numerator, denominator = (double)Denominator;
        if (double.IsFinite(numerator) && double.IsFinite(denominator)) return numerator / denominator;
        return Sign * Math.Exp(BigInteger.Log(BigInteger.Abs(Numerator)) - BigInteger.Log(Denominator));
    }

    /// <summary>
    /// Reads a number that is nothing else: an integer or a decimal with an optional sign, the integer part perhaps grouped by commas in
    /// threes, or <c>\frac{a}{b}</c> of integers with an optional sign before it. Null for any other text, and for numbers so long that
    /// arithmetic would be slow.
    /// </summary>
    public static Rational? TryParse(string text)
    {
        if (text.Length is 0 or > PythonText.MaxIntegerDigits) return null;
        int sign = text[0] == '-' ? -1 : 1;
        ReadOnlySpan<char> unsigned = text.AsSpan(text[0] is '-' or '+' ? 1 : 0);
        return Fraction(unsigned, sign) ?? Decimal(unsigned, sign);
    }

    /// <summary>The integer, or <c>\frac{a}{b}</c> with the sign before it.</summary>
    public override string ToString() =>
        Denominator.IsOne ? Numerator.ToString() : $@"{(Numerator.Sign < 0 ? "-" : "")}\frac{{{BigInteger.Abs(Numerator)}}}{{{Denominator}}}";

    private static Rational? Fraction(ReadOnlySpan<char> text, int sign)
    {
        const string open = @"\frac{", middle = "}{";
        if (!text.StartsWith(open) || !text.EndsWith("}")) return null;
        ReadOnlySpan<char> inner = text[open.Length..^1];
        int split = inner.IndexOf(middle);
        if (split < 0) return null;
        BigInteger? numerator = Integer(inner[..split]), denominator = Integer(inner[(split + middle.Length)..]);
        return numerator is { } n && denominator is { IsZero: false } d ? new Rational(sign * n, d) : null;
    }

    private static Rational? Decimal(ReadOnlySpan<char> text, int sign)
    {
        int point = text.IndexOf('.');
        string whole = point < 0 ? text.ToString() : text[..point].ToString();
        ReadOnlySpan<char> decimals = point < 0 ? "" : text[(point + 1)..];
        if (WithoutGrouping(whole) is not { } digits || point >= 0 && !IsDigits(decimals)) return null;
        if (!IsDigits(digits) && !(digits.Length == 0 && point == 0)) return null; // ".5" needs no whole part
        return new Rational(sign * BigInteger.Parse(string.Concat(digits, decimals)), BigInteger.Pow(10, decimals.Length));
    }

    /// <summary><c>1,234,567</c> without its commas; null where they do not group in threes.</summary>
    private static string? WithoutGrouping(string whole)
    {
        string[] groups = whole.Split(',');
        if (groups.Length > 1 && (groups[0].Length is 0 or > 3 || groups.Skip(1).Any(group => group.Length != 3))) return null;
        return string.Concat(groups);
    }

    private static BigInteger? Integer(ReadOnlySpan<char> text) =>
        IsDigits(text.StartsWith("-") ? text[1..] : text) ? BigInteger.Parse(text) : null;

    private static bool IsDigits(ReadOnlySpan<char> text) => text.Length > 0 && !text.ContainsAnyExceptInRange('0', '9');
}
