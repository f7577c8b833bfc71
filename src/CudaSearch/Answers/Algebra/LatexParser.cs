using static CudaSearch.Answers.Algebra.Expression;

namespace CudaSearch.Answers.Algebra;

/// <summary>
/// Reads an answer into a tree by recursive descent. This part reads lists, relations and unions; the others read sums and products
/// (<c>.Terms</c>), and atoms and brackets (<c>.Atoms</c>). Every method returns null where the text is nothing it knows.
/// </summary>
internal sealed partial class LatexParser
{
    /// <summary>Brackets within brackets that are read; real answers have fewer than ten.</summary>
    private const int MaxDepth = 40;

    private readonly IReadOnlyList<Token> _tokens;
    private readonly WorkBudget _budget;
    private int _at;
    private int _depth;

    private LatexParser(IReadOnlyList<Token> tokens, WorkBudget budget)
    {
        _tokens = tokens;
        _budget = budget;
    }

    private Token Next => _tokens[_at];

    /// <summary>The tree of a text; null where it is no mathematics, or more than the budget allows.</summary>
    /// <param name="text">An answer without dollar signs.</param>
    /// <param name="joinsThousands">Whether <c>1,234</c> is one number.</param>
    /// <param name="budget">Pays for every token.</param>
    public static Expression? Parse(string text, bool joinsThousands, WorkBudget budget)
    {
        if (!budget.TrySpend(text.Length)) return null;
        var parser = new LatexParser(LatexLexer.Read(text, joinsThousands), budget);
        Expression? answer = parser.ParseAnswer();
        return parser.Next.Kind == TokenKind.End ? answer : null;
    }

    private Expression? ParseAnswer()
    {
        while (Next.Kind == TokenKind.Separator) _at++;
        if (ParseList() is not { } list) return null;
        return list.Count == 1 ? list[0] : new Items(list, Ordered: false);
    }

    /// <summary>
    /// What commas, semicolons and "and" separate, up to a closing bracket or the end. Where semicolons separate groups of commas
    /// (<c>p=5,q=2;p=7,q=2</c>), each group is a tuple.
    /// </summary>
    private List<Expression>? ParseList()
    {
        List<List<Expression>> groups = [[]];
        bool grouped = false;
        while (true)
        {
            if (ParseRelation() is not { } item) return null;
            groups[^1].Add(item);
            if (Next.Kind != TokenKind.Separator) break;
            bool group = false;
            for (; Next.Kind == TokenKind.Separator; _at++) group |= Next.Text == ";";
            if (EndsList()) break;
            if (!group) continue;
            grouped |= groups[^1].Count > 1;
            groups.Add([]);
        }
        if (!grouped) return [.. groups.SelectMany(group => group)];
        return [.. groups.Select(group => group.Count == 1 ? group[0] : new Items(group, Ordered: true))];
    }

    private bool EndsList() => Next.Kind == TokenKind.End || Next.Kind == TokenKind.Sign && Next.Text[0] is ')' or ']' or '}' or '⦄' or '⟩' or '↵';

    private Expression? ParseRelation()
    {
        if (ParseUnion() is not { } first) return null;
        if (Next.Kind != TokenKind.Relation) return first;
        List<Expression> sides = [first];
        List<char> signs = [];
        while (Next.Kind == TokenKind.Relation)
        {
            signs.Add(Next.Text[0]);
            _at++;
            if (ParseUnion() is not { } side) return null;
            sides.Add(side);
        }
        return new Relation(sides, signs);
    }

    private Expression? ParseUnion()
    {
        if (ParseRatio() is not { } first) return null;
        if (!Next.Is('∪')) return first;
        List<Expression> parts = [first];
        while (Next.Is('∪'))
        {
            _at++;
            if (ParseRatio() is not { } part) return null;
            parts.Add(part);
        }
        return new Union(parts);
    }

    private Expression? ParseRatio()
    {
        if (ParseSum() is not { } first) return null;
        if (!Next.Is(':')) return first;
        List<Expression> parts = [first];
        while (Next.Is(':'))
        {
            _at++;
            if (ParseSum() is not { } part) return null;
            parts.Add(part);
        }
        return new Ratio(parts);
    }

    private bool TryTake(char sign)
    {
        if (!Next.Is(sign)) return false;
        _at++;
        return true;
    }
}
