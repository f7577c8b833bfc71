using static CudaSearch.Answers.Algebra.Expression;

namespace CudaSearch.Answers.Algebra;

/// <summary>What an answer calls its value: <c>x</c>, <c>f(x)</c>, <c>AB</c>, <c>\frac{NO}{BO}</c>, <c>(p,q)</c>.</summary>
internal static class Names
{
    private static readonly Ball[] s_probe = [Ball.Of(0.5)];

    /// <summary>Whether an expression only names something, so that <c>name = value</c> says no more than the value.</summary>
    public static bool IsName(Expression expression) => expression switch
    {
        Symbol symbol => !Trees.IsConstant(symbol.Name) && symbol.Name != "±",
        Words => true,
        Call { Function: "abs" or "overline" or "prime" } call => call.Arguments.All(IsName),
        Call { Function: "binom" } => false,
        Call call => NumericFunctions.Apply(call.Function, s_probe) is null && call.Arguments.All(argument => argument is Symbol or Number),
        Product product => product.Factors.All(factor => factor is Symbol) && product.Factors.Any(factor => IsGeometric(((Symbol)factor).Name)),
        Quotient quotient => IsLength(quotient.Numerator) && IsLength(quotient.Denominator),
        Ratio ratio => ratio.Parts.All(IsName),
        Items { Ordered: true } items => items.Members.All(IsName),
        _ => false,
    };

    /// <summary>Whether two names cannot be names of one thing: variables of different letters, or with different indices.</summary>
    public static bool Clash(Expression a, Expression b)
    {
        if (a is not Symbol x || b is not Symbol y) return false;
        string[] left = x.Name.Split('_', 2), right = y.Name.Split('_', 2);
        return left[0] != right[0] || left.Length == 2 && right.Length == 2 && left[1] != right[1];
    }

    /// <summary>A line segment, an area: a product with a capital in it, which as a quotient is no unknown function.</summary>
    private static bool IsLength(Expression expression) => expression is not Symbol { Name.Length: 1 } && IsName(expression);

    private static bool IsGeometric(string name) => name.Length > 1 || char.IsAsciiLetterUpper(name[0]);
}
