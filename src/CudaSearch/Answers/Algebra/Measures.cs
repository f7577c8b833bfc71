using System.Numerics;
using static CudaSearch.Answers.Algebra.Expression;

namespace CudaSearch.Answers.Algebra;

/// <summary>
/// Compares values with what may stand behind them: per cent, degrees, units and bases. A reference answer often leaves out what the question
/// has said ("how many per cent"), so a missing unit is no difference; two different ones are.
/// </summary>
internal static class Measures
{
    /// <summary>How two scalars agree.</summary>
    public static Agreement Compare(Expression a, Expression b, Scalars scalars)
    {
        if (a is BaseNumber x && b is Number n && IsWritten(x, n) || b is BaseNumber y && a is Number m && IsWritten(y, m)) return Agreement.Exact;
        (Expression left, string leftUnit) = Split(a);
        (Expression right, string rightUnit) = Split(b);
        if (leftUnit == "" && rightUnit == "") return scalars.Compare(left, right);
        if (Clash(leftUnit, rightUnit)) return Agreement.Different;
        Agreement agreement = scalars.Compare(left, right);
        return agreement == Agreement.Different && leftUnit != rightUnit ? scalars.Compare(a, b) : agreement; // 50 % is also 0.5, and 90° π/2
    }

    /// <summary>Whether a number has just these digits: <c>204</c> for <c>204_5</c>, with the base left to the question.</summary>
    private static bool IsWritten(BaseNumber a, Number b) => b.Value.IsInteger && b.Significant == 0 && b.Value.Numerator == BigInteger.Parse(a.Digits);

    private static (Expression Value, string Unit) Split(Expression expression) => expression is Measured measured ? (measured.Value, measured.Unit) : (expression, "");

    private static bool Clash(string a, string b)
    {
        if (a == b || a == "" || b == "") return false;
        if (a is "%" or "°" || b is "%" or "°") return UnitNames.Canonical(a) is not null || UnitNames.Canonical(b) is not null || a.Length + b.Length == 2;
        return UnitNames.Canonical(a) is { } x && UnitNames.Canonical(b) is { } y && x != y;
    }
}
