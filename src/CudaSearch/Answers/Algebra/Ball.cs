using System.Numerics;

namespace CudaSearch.Answers.Algebra;

/// <summary>
/// A complex number known to within an error: every operation adds what rounding and its operands' errors can do to the result, to first
/// order with a margin, so that a comparison knows how far to trust it.
/// </summary>
/// <param name="Value">The centre.</param>
/// <param name="Error">Largest distance of the true value, at least 0.</param>
internal readonly record struct Ball(Complex Value, double Error)
{
    private const double Rounding = 4.5e-16; // two units in the last place

    /// <summary>Whether the value is a usable number.</summary>
    public bool IsFinite => double.IsFinite(Value.Real) && double.IsFinite(Value.Imaginary) && double.IsFinite(Error);

    /// <summary>The size of the centre.</summary>
    public double Size => Complex.Abs(Value);

    /// <summary>Whether it may be a real number.</summary>
    public bool IsReal => Math.Abs(Value.Imaginary) <= Error + 1e-12 * Size;

    /// <summary>A double that is exact but for its own rounding.</summary>
    public static Ball Of(double value) => Rounded(value, 0);

    /// <summary>A computed value: the error passed on and its own rounding.</summary>
    public static Ball Rounded(Complex value, double error) => new(value, error + Rounding * Complex.Abs(value));

    public static Ball operator +(Ball a, Ball b) => Rounded(a.Value + b.Value, a.Error + b.Error);

    public static Ball operator *(Ball a, Ball b) => Rounded(a.Value * b.Value, a.Size * b.Error + b.Size * a.Error + a.Error * b.Error);

    /// <summary>The inverse; infinite where the ball may hold zero.</summary>
    public Ball Inverse() => Size > Error ? Rounded(Complex.One / Value, Error / (Size * (Size - Error))) : new Ball(Value, double.PositiveInfinity);

    /// <summary>A function of the ball, given its value at the centre and the size of its derivative nearby.</summary>
    public Ball Map(Complex image, double slope) => Rounded(image, Error * slope * 1.01);

    /// <summary>An integer power, by squaring.</summary>
    public Ball Power(int exponent)
    {
        if (exponent < 0) return Power(-exponent).Inverse();
        Ball result = Of(1), square = this;
        for (int rest = exponent; rest > 0; rest >>= 1)
        {
            if ((rest & 1) == 1) result *= square;
            if (rest > 1) square *= square;
        }
        return result;
    }

    /// <summary>The exponential.</summary>
    public Ball Exp() => Error > 1 ? new Ball(Value, double.PositiveInfinity) : Map(Complex.Exp(Value), Math.Exp(Value.Real + Error) + Math.Exp(Value.Real) * Rounding);

    /// <summary>The principal logarithm; infinite where the ball may hold zero.</summary>
    public Ball Log() => Size > Error ? Map(Complex.Log(Value), 1 / (Size - Error)) : new Ball(Value, double.PositiveInfinity);
}
