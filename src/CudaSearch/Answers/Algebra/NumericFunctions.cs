using System.Numerics;

namespace CudaSearch.Answers.Algebra;

/// <summary>Functions of balls, by name.</summary>
internal static class NumericFunctions
{
    private const int MaxPower = 1 << 20;

    /// <summary>The value of a function everybody knows; null where the name is not one of them.</summary>
    public static Ball? Apply(string function, IReadOnlyList<Ball> x) => (function, x.Count) switch
    {
        ("sin", 1) => x[0].Map(Complex.Sin(x[0].Value), Hyperbolic(x[0])),
        ("cos", 1) => x[0].Map(Complex.Cos(x[0].Value), Hyperbolic(x[0])),
        ("tan", 1) => Over("sin", "cos", x),
        ("cot", 1) => Over("cos", "sin", x),
        ("sec", 1) => Apply("cos", x)!.Value.Inverse(),
        ("csc", 1) => Apply("sin", x)!.Value.Inverse(),
        ("arcsin", 1) => OnUnit(x[0], Math.Asin),
        ("arccos", 1) => OnUnit(x[0], Math.Acos),
        ("arctan", 1) => OnReal(x[0], Math.Atan),
        ("arccot", 1) => OnReal(x[0], value => Math.PI / 2 - Math.Atan(value)),
        ("sinh", 1) => Ball.Of(0.5) * (x[0].Exp() + Ball.Of(-1) * (Ball.Of(-1) * x[0]).Exp()),
        ("cosh", 1) => Ball.Of(0.5) * (x[0].Exp() + (Ball.Of(-1) * x[0]).Exp()),
        ("tanh", 1) => Over("sinh", "cosh", x),
        ("ln", 1) or ("log", 1) => x[0].Log(), // without a base, the natural logarithm
        ("lg", 1) => x[0].Log() * Ball.Of(10).Log().Inverse(),
        ("log", 2) => x[0].Log() * x[1].Log().Inverse(),
        ("abs", 1) => x[0].Map(x[0].Size, 1),
        ("floor", 1) => Step(x[0], Math.Floor),
        ("ceil", 1) => Step(x[0], Math.Ceiling),
        ("factorial", 1) => Factorial(x[0]),
        ("^", 2) => Power(x[0], x[1]),
        _ => null,
    };

    /// <summary>
    /// A power. A negative number to a fraction of odd denominator is the real one (<c>\sqrt[3]{-8}</c> is −2); other powers are principal.
    /// </summary>
    public static Ball Power(Ball value, Ball exponent, Rational? exact = null)
    {
        if (exact is { IsInteger: true } integer && System.Numerics.BigInteger.Abs(integer.Numerator) <= MaxPower) return value.Power((int)integer.Numerator);
        if (value.Size == 0 && exponent.Value.Real > 0) return new Ball(0, value.Error);
        if (exact is { } fraction && !fraction.Denominator.IsEven && value.IsReal && value.Value.Real < 0)
        {
            Ball root = ((Ball.Of(-1) * value).Log() * exponent).Exp();
            return fraction.Numerator.IsEven ? root : Ball.Of(-1) * root;
        }
        return (value.Log() * exponent).Exp();
    }

    /// <summary>
    /// A function that nothing is known of: a smooth value that depends on the name and on every argument, so that equal arguments give equal
    /// values and different ones hardly ever do.
    /// </summary>
    public static Ball Unknown(string name, IReadOnlyList<Ball> x)
    {
        Ball sum = Ball.Of(Chance.Of(name, 0));
        for (int i = 0; i < x.Count; i++)
        {
            Ball scaled = Ball.Of(Chance.Of(name, 2 * i + 1)) * x[i];
            sum += scaled + Ball.Of(Chance.Of(name, 2 * i + 2)) * scaled * x[i];
        }
        return sum;
    }

    private static double Hyperbolic(Ball x) => Math.Cosh(Math.Abs(x.Value.Imaginary) + Math.Min(x.Error, 1)) * (x.Error > 1 ? double.PositiveInfinity : 1);

    private static Ball Over(string numerator, string denominator, IReadOnlyList<Ball> x) => Apply(numerator, x)!.Value * Apply(denominator, x)!.Value.Inverse();

    private static Ball OnUnit(Ball x, Func<double, double> function)
    {
        double distance = 1 - x.Value.Real * x.Value.Real;
        if (!x.IsReal || distance < 0) return Undefined(x);
        double value = function(x.Value.Real);
        return distance > 2 * x.Error ? x.Map(value, 1 / Math.Sqrt(distance - 2 * x.Error)) : Ball.Rounded(value, Math.Sqrt(2 * x.Error));
    }

    private static Ball OnReal(Ball x, Func<double, double> function) => x.IsReal ? x.Map(function(x.Value.Real), 1) : Undefined(x);

    /// <summary>A step function, known only where no step is near.</summary>
    private static Ball Step(Ball x, Func<double, double> function)
    {
        double value = function(x.Value.Real);
        return x.IsReal && function(x.Value.Real - x.Error) == value && function(x.Value.Real + x.Error) == value ? Ball.Of(value) : Undefined(x);
    }

    /// <summary>Γ(x + 1) for real x &gt; −1 by Stirling's series, after moving x up by the functional equation.</summary>
    private static Ball Factorial(Ball x)
    {
        if (!x.IsReal || x.Value.Real <= -1 || x.Value.Real > 170) return Undefined(x);
        double z = x.Value.Real + 1, below = 1;
        for (; z < 12; z++) below *= z;
        double r = 1 / (z * z);
        double series = (1.0 / 12 - r * (1.0 / 360 - r * (1.0 / 1260 - r * (1.0 / 1680 - r / 1188)))) / z;
        double value = Math.Exp((z - 0.5) * Math.Log(z) - z + 0.5 * Math.Log(2 * Math.PI) + series) / below;
        return new Ball(value, value * (1e-13 + x.Error * Math.Log(z + 1)));
    }

    private static Ball Undefined(Ball x) => new(x.Value, double.PositiveInfinity);
}
