using static CudaSearch.Answers.Algebra.Expression;

namespace CudaSearch.Answers.Algebra;

/// <summary>Sums, products, powers and what stands behind a value.</summary>
internal sealed partial class LatexParser
{
    /// <summary>Factorials and primes in a row that are read.</summary>
    private const int MaxPostfixes = 4;

    private static readonly Symbol s_plusMinus = new("±");

    private int _bars; // absolute values that are open, where a bar closes

    private Expression? ParseSum()
    {
        List<Expression> terms = [];
        do
        {
            Expression? sign = null;
            bool negative = false;
            for (; Next.Kind == TokenKind.Sign && Next.Text[0] is '+' or '-' or '±' or '∓'; _at++)
            {
                if (Next.Text[0] is '±' or '∓') sign = s_plusMinus;
                negative ^= Next.Text[0] is '-' or '∓';
            }
            if (ParseProduct() is not { } term) return null;
            if (sign is not null) term = new Product([sign, term]);
            terms.Add(negative ? WithSign(term) : term);
        }
        while (Next.Kind == TokenKind.Sign && Next.Text[0] is '+' or '-' or '±' or '∓');
        if (terms.Count == 1) return terms[0];
        if (terms[^1] is not Measured last || terms.Take(terms.Count - 1).Any(term => term is Measured)) return new Sum(terms);
        terms[^1] = last.Value; // 3 + 2 cm: the unit is that of the sum
        return last with { Value = new Sum(terms) };
    }

    /// <summary>The negative, with a unit staying outside: <c>-5 cm</c> is minus five, in centimetres.</summary>
    private static Expression WithSign(Expression term) => term is Measured measured ? measured with { Value = Negative(measured.Value) } : Negative(term);

    private Expression? ParseProduct()
    {
        if (ParsePower() is not { } product) return null;
        while (true)
        {
            if (Next.Is('*') || Next.Is('/'))
            {
                bool divides = Next.Is('/');
                _at++;
                bool negative = TryTake('-');
                if (ParsePower() is not { } factor) return null;
                if (negative) factor = Negative(factor);
                product = divides ? new Quotient(product, factor) : Multiply(product, factor);
            }
            else if (Next.Kind == TokenKind.Words)
            {
                product = ParseUnit(product);
            }
            else if (StartsFactor())
            {
                bool mixed = IsWhole(_at - 1) && (Next.Kind == TokenKind.Number || Next is { Kind: TokenKind.Command, Text: "frac" });
                bool numbers = Next.Kind == TokenKind.Number && _tokens[_at - 1].Kind == TokenKind.Number;
                if (numbers && !(mixed && _tokens[_at + 1].Is('/'))) return null; // "3 4" is nothing
                Expression? factor = mixed ? ParseMixedPart() : ParsePower();
                if (factor is null) return null;
                product = mixed && IsProperFraction(factor) && product is Number ? new Sum([product, factor]) : Multiply(product, factor);
            }
            else
            {
                return product;
            }
            if (!_budget.TrySpend()) return null;
        }
    }

    private bool IsWhole(int index) => _tokens[index].Kind == TokenKind.Number && _tokens[index].Text.AsSpan().ContainsOnlyDigits();

    /// <summary>What may be the fraction of a mixed number: <c>\frac12</c>, or <c>1/2</c> behind a space.</summary>
    private Expression? ParseMixedPart()
    {
        if (ParsePower() is not { } part) return null;
        if (part is not Number || !TryTake('/')) return part;
        return ParsePower() is { } denominator ? new Quotient(part, denominator) : null;
    }

    private static bool IsProperFraction(Expression part) =>
        part is Quotient { Numerator: Number { Value: { IsInteger: true, Sign: > 0 } n }, Denominator: Number { Value: { IsInteger: true } d } } && n.Numerator < d.Numerator;

    private bool StartsFactor() => Next.Kind switch
    {
        TokenKind.Number or TokenKind.Name or TokenKind.Function or TokenKind.Command => Next.Text != "end",
        TokenKind.Sign => Next.Text[0] is '(' or '[' or '{' or '⦃' or '⌊' or '⌈' || Next.Text[0] == '|' && _bars == 0,
        _ => false,
    };

    /// <summary>The product; a unit behind the last factor is that of the product.</summary>
    private static Expression Multiply(Expression left, Expression right) => (left, right) switch
    {
        (not Measured, Measured measured) => measured with { Value = Multiply(left, measured.Value) },
        (Product product, _) => new Product([.. product.Factors, right]),
        _ => new Product([left, right]),
    };

    private Measured ParseUnit(Expression value)
    {
        string unit = "";
        for (; Next.Kind == TokenKind.Words; _at++) unit += " " + Next.Text;
        if (Next.Is('^') && _tokens[_at + 1].Kind == TokenKind.Number)
        {
            unit += "^" + _tokens[_at + 1].Text;
            _at += 2;
        }
        return new Measured(value, unit.Trim());
    }

    private Expression? ParsePower()
    {
        if (_depth >= MaxDepth || !_budget.TrySpend()) return null;
        _depth++;
        Expression? result = ParseAtom() is { } value ? ParsePostfixes(value) : null;
        _depth--;
        return result;
    }

    private Expression? ParsePostfixes(Expression value)
    {
        for (int count = 0; ; count++)
        {
            if (TryTake('^'))
            {
                if (TryTake('°') || TakeGroupedDegree()) value = new Measured(value, "°");
                else if (ParseExponent() is { } exponent) value = new Power(value, exponent);
                else return null;
            }
            else if (TryTake('!')) value = new Call("factorial", [value]);
            else if (TryTake('°')) value = new Measured(value, "°");
            else if (TryTake('%')) value = new Measured(value, "%");
            else if (TryTake('\'')) value = value is Symbol symbol ? new Symbol(symbol.Name + "'") : new Call("prime", [value]);
            else if (!IsMoney()) return value;
            if (count >= MaxPostfixes) return null;
        }
    }

    private bool IsMoney() => TryTake('$') || TryTake('€') || TryTake('£') || TryTake('¥');

    private bool TakeGroupedDegree()
    {
        if (!Next.Is('{') || !_tokens[_at + 1].Is('°') || !_tokens[_at + 2].Is('}')) return false;
        _at += 3;
        return true;
    }

    private Expression? ParseExponent()
    {
        bool negative = TryTake('-');
        TryTake('+');
        if (ParseArgumentOf() is not { } exponent) return null;
        return negative ? Negative(exponent) : exponent;
    }
}
