using static CudaSearch.Answers.Algebra.Expression;

namespace CudaSearch.Answers.Algebra;

/// <summary>Walks over trees.</summary>
internal static class Trees
{
    private static readonly HashSet<string> s_constants = new(StringComparer.Ordinal) { "π", "e", "i", "∞" };

    /// <summary>Whether a symbol is a number by its name.</summary>
    public static bool IsConstant(string name) => s_constants.Contains(name);

    /// <summary>The parts of a node, from left to right.</summary>
    public static IEnumerable<Expression> Children(Expression node) => node switch
    {
        Sum sum => sum.Terms,
        Product product => product.Factors,
        Quotient quotient => [quotient.Numerator, quotient.Denominator],
        Power power => [power.Base, power.Exponent],
        Call call => call.Arguments,
        Measured measured => [measured.Value],
        Ratio ratio => ratio.Parts,
        Matrix matrix => matrix.Rows.SelectMany(row => row),
        Items items => items.Members,
        Interval interval => [interval.Low, interval.High],
        Union union => union.Parts,
        Relation relation => relation.Sides,
        _ => [],
    };

    /// <summary>The names of the variables that occur.</summary>
    public static IEnumerable<string> Variables(Expression node) =>
        node is Symbol symbol ? IsConstant(symbol.Name) ? [] : [symbol.Name] : Children(node).SelectMany(Variables);

    /// <summary>The tree with its variables named after those of another, in the order in which they first occur; unchanged where the numbers differ.</summary>
    public static Expression Rename(Expression node, Expression like)
    {
        string[] from = [.. Variables(node).Distinct()], to = [.. Variables(like).Distinct()];
        if (from.Length != to.Length || from.SequenceEqual(to)) return node;
        for (int i = 0; i < from.Length; i++) node = Replace(node, from[i], new Symbol($"@{i}")); // by way of names that nobody has
        for (int i = 0; i < from.Length; i++) node = Replace(node, $"@{i}", new Symbol(to[i]));
        return node;
    }

    /// <summary>Whether a variable occurs, by name.</summary>
    public static bool Mentions(Expression node, string name) => node is Symbol symbol ? symbol.Name == name : Children(node).Any(child => Mentions(child, name));

    /// <summary>The tree with a value in the place of a variable.</summary>
    public static Expression Replace(Expression node, string name, Expression value)
    {
        return node switch
        {
            Symbol symbol => symbol.Name == name ? value : symbol,
            Sum sum => new Sum(All(sum.Terms)),
            Product product => new Product(All(product.Factors)),
            Quotient quotient => new Quotient(One(quotient.Numerator), One(quotient.Denominator)),
            Power power => new Power(One(power.Base), One(power.Exponent)),
            Call call => call with { Arguments = All(call.Arguments) },
            Measured measured => measured with { Value = One(measured.Value) },
            Ratio ratio => new Ratio(All(ratio.Parts)),
            Matrix matrix => new Matrix([.. matrix.Rows.Select(All)]),
            Items items => items with { Members = All(items.Members) },
            Interval interval => interval with { Low = One(interval.Low), High = One(interval.High) },
            Union union => new Union(All(union.Parts)),
            Relation relation => relation with { Sides = All(relation.Sides) },
            _ => node,
        };

        Expression One(Expression part) => Replace(part, name, value);

        IReadOnlyList<Expression> All(IReadOnlyList<Expression> parts) => [.. parts.Select(One)];
    }
}
