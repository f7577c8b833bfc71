using static CudaSearch.Answers.Algebra.Expression;

namespace CudaSearch.Answers.Algebra;

/// <summary>Commands with arguments: fractions, roots, sums, matrices.</summary>
internal sealed partial class LatexParser
{
    private Expression? ParseCommand(string command) => command switch
    {
        "frac" => ParseArgumentOf() is { } n && ParseArgumentOf() is { } d ? new Quotient(n, d) : null,
        "binom" => ParseArgumentOf() is { } n && ParseArgumentOf() is { } k ? new Call("binom", [n, k]) : null,
        "sqrt" => ParseRoot(),
        "overline" => ParseArgumentOf() is { } inner ? inner is Product && Names.IsName(inner) ? inner : new Call("overline", [inner]) : null, // \overline{AB} is AB
        "begin" => ParseEnvironment(),
        "sum" or "prod" or "int" or "lim" => ParseBounded(command),
        _ => null,
    };

    /// <summary>A group, or one atom.</summary>
    private Expression? ParseArgumentOf()
    {
        if (_depth >= MaxDepth || !_budget.TrySpend()) return null;
        _depth++;
        Expression? argument = ParseAtom();
        _depth--;
        return argument;
    }

    private Power? ParseRoot()
    {
        Expression degree = Of(2);
        if (Next.Is('['))
        {
            _at++;
            if (ParseSum() is not { } index || !TryTake(']')) return null;
            degree = index;
        }
        return ParseArgumentOf() is { } radicand ? new Power(radicand, new Quotient(Of(1), degree)) : null;
    }

    /// <summary><c>\sum_{k=0}^{n} body</c>: bounds and body as arguments of a function nothing is known of.</summary>
    private Call? ParseBounded(string command)
    {
        List<Expression> arguments = [];
        while (Next.Is('_') || Next.Is('^'))
        {
            string place = Next.Text;
            _at++;
            if (ParseArgumentOf() is not { } bound) return null;
            arguments.Add(new Call(place, bound is Relation relation ? relation.Sides : [bound]));
        }
        if (ParseProduct() is not { } body) return null;
        arguments.Sort((a, b) => string.CompareOrdinal(((Call)a).Function, ((Call)b).Function));
        return new Call(command, [.. arguments, body]);
    }

    private Matrix? ParseEnvironment()
    {
        if (TakeEnvironmentName() is not { } name) return null;
        if (name is "align" or "aligned" or "cases" or "gathered" or "equation") return null;
        if (name is "array" && Next.Is('{')) while (!TryTake('}') && Next.Kind != TokenKind.End) _at++;
        List<List<Expression>> rows = [[]];
        while (!(Next is { Kind: TokenKind.Command, Text: "end" }))
        {
            if (TryTake('↵'))
            {
                rows.Add([]);
                continue;
            }
            if (TryTake('&')) continue;
            if (ParseSum() is not { } entry) return null;
            rows[^1].Add(entry);
        }
        _at++;
        TakeName();
        if (rows.Count > 1 && rows[^1].Count == 0) rows.RemoveAt(rows.Count - 1);
        return rows[0].Count > 0 && rows.All(row => row.Count == rows[0].Count) ? new Matrix(rows) : null;
    }

    private string? TakeEnvironmentName() => TakeName() is { Length: > 0 } name ? name.TrimEnd('*') : null;

    /// <summary>The letters between braces that follow.</summary>
    private string? TakeName()
    {
        if (!TryTake('{')) return null;
        string name = "";
        for (; Next.Kind == TokenKind.Name || Next.Is('*'); _at++) name += Next.Text;
        return TryTake('}') ? name : null;
    }
}
