using static CudaSearch.Answers.Algebra.Expression;

namespace CudaSearch.Answers.Algebra;

/// <summary>
/// Brings trees that say the same in different ways to one shape: chains of equations to <c>name = value</c>, bounds to intervals, ± to two
/// values, unions of finite sets to lists.
/// </summary>
internal sealed class Shapes(Scalars scalars, WorkBudget budget)
{
    private readonly Inequalities _inequalities = new(scalars);

    /// <summary>The shape of a tree; null where the budget is spent.</summary>
    public Expression? Of(Expression expression)
    {
        if (!budget.TrySpend()) return null;
        switch (expression)
        {
            case Relation relation:
                return Of(relation);
            case Items items:
                return Of(items);
            case Union union:
                return Of(union);
            case Measured { Value: Items or Interval or Union or Matrix } measured: // (2,4) cm
                return Of(measured.Value);
            case Symbol { Name: "𝔹R" }:
                return new Interval(Negative(new Symbol("∞")), new Symbol("∞"), LowClosed: false, HighClosed: false);
            case Sum or Product or Quotient or Power or Measured:
                expression = Matrices.Combine(expression);
                return WithBothSigns(expression) is { } both ? new Items(both, Ordered: false) : expression;
            default:
                return expression;
        }
    }

    /// <summary>The two values of an expression with ± in it; null where there is none.</summary>
    private static Expression[]? WithBothSigns(Expression expression) =>
        Trees.Mentions(expression, "±") ? [Trees.Replace(expression, "±", Expression.Of(1)), Trees.Replace(expression, "±", Expression.Of(-1))] : null;

    private Expression? Of(Relation relation)
    {
        Relation chain = WithoutApproximations(relation);
        if (chain.Signs is ['∈']) chain = chain with { Signs = ['='] };
        if (chain.Signs.All(sign => sign == '=')) return Equation(chain);
        return _inequalities.Solve(chain) is { } solved ? Of(solved) : chain;
    }

    /// <summary><c>x = 1/3 ≈ 0.33</c> is x = 1/3; a lone ≈ is as good as =.</summary>
    private static Relation WithoutApproximations(Relation relation)
    {
        char[] signs = [.. relation.Signs];
        int cut = Array.IndexOf(signs, '≈', 1);
        if (cut > 0) return WithoutApproximations(new Relation([.. relation.Sides.Take(cut + 1)], signs[..cut]));
        if (signs[0] == '≈') signs[0] = '=';
        return relation with { Signs = signs };
    }

    /// <summary>A chain of equations: what it ends in, and the name it gives to that.</summary>
    private Expression? Equation(Relation chain)
    {
        Expression value = chain.Sides[^1];
        Expression? name = chain.Sides.Take(chain.Sides.Count - 1).FirstOrDefault(Names.IsName);
        if (name is null && Names.IsName(value)) (name, value) = (value, chain.Sides[^2]);
        if (name is not null) return Of(value) is { } shaped ? new Relation([name, shaped], ['=']) : null;
        if (chain.Sides.All(side => !Trees.Variables(side).Any())) return Of(value); // 1 + 1 = 2
        return new Relation([chain.Sides[0], value], ['=']);
    }

    private Expression? Of(Items items)
    {
        List<Expression> members = [];
        foreach (Expression member in items.Members)
        {
            if (items.Ordered && WithBothSigns(items) is { } both) return Of(new Items(both, Ordered: false));
            if (Of(member) is not { } shaped) return null;
            if (!items.Ordered && shaped is Items { Ordered: false } several) members.AddRange(several.Members);
            else members.Add(shaped);
        }
        if (items.Ordered) return items with { Members = members };
        if (members is [Relation { Sides: [var name, var first], Signs: ['='] }, ..] && Names.IsName(name) && members.Skip(1).All(member => member is not Relation))
        {
            IEnumerable<Expression> values = first is Items { Ordered: false } list ? list.Members : [first]; // n = 1, 2, 3
            return new Relation([name, new Items([.. values, .. members.Skip(1)], Ordered: false)], ['=']);
        }
        if (members.Count == 1) return members[0];
        return SetOfBounds(members) is { } set ? set : new Items(members, Ordered: false);
    }

    /// <summary><c>x &lt; 1 or x &gt; 2</c> as a set; null where the members are anything but bounds on one quantity.</summary>
    private Relation? SetOfBounds(List<Expression> members)
    {
        if (members.Count == 0 || !members.All(member => member is Relation { Sides: [var name, Interval or Union], Signs: ['='] } && Names.IsName(name))) return null;
        Relation[] bounds = [.. members.Cast<Relation>()];
        if (bounds.Any(bound => Names.Clash(bound.Sides[0], bounds[0].Sides[0]))) return null;
        Expression? set = bounds.Length == 2 ? _inequalities.Both(bounds[0].Sides[1], bounds[1].Sides[1]) : null;
        return new Relation([bounds[0].Sides[0], set ?? new Union([.. bounds.SelectMany(bound => bound.Sides[1] is Union union ? union.Parts : [bound.Sides[1]])])], ['=']);
    }

    private Expression? Of(Union union)
    {
        List<Expression> parts = [];
        foreach (Expression part in union.Parts)
        {
            if (Of(part) is not { } shaped) return null;
            if (Unnamed(shaped) is Union inner) parts.AddRange(inner.Parts);
            else parts.Add(Unnamed(shaped));
        }
        if (parts.Any(part => part is Interval or Items { Ordered: true })) return new Union(parts);
        return new Items([.. parts.SelectMany(part => part is Items list ? list.Members : [part])], Ordered: false);
    }

    /// <summary>The value without the name it was given.</summary>
    private static Expression Unnamed(Expression shape) => shape is Relation { Sides: [var name, var value], Signs: ['='] } && Names.IsName(name) ? value : shape;
}
