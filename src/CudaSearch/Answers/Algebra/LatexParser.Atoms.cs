using System.Numerics;
using static CudaSearch.Answers.Algebra.Expression;

namespace CudaSearch.Answers.Algebra;

/// <summary>Numbers, names, functions and brackets.</summary>
internal sealed partial class LatexParser
{
    /// <summary>Digits of a literal that are read; longer ones are compared as texts.</summary>
    private const int MaxDigits = 1000;

    private Expression? ParseAtom()
    {
        Token token = Next;
        switch (token.Kind)
        {
            case TokenKind.Number:
                _at++;
                return ParseNumber(token.Text);
            case TokenKind.Name:
                _at++;
                return ParseName(token.Text);
            case TokenKind.Function:
                _at++;
                return ParseFunction(token.Text);
            case TokenKind.Command:
                _at++;
                return ParseCommand(token.Text);
            case TokenKind.Words:
                _at++;
                return new Words(token.Text);
            case TokenKind.Sign:
                return ParseSign(token.Text[0]);
            default:
                return null;
        }
    }

    private Expression? ParseSign(char sign)
    {
        if (sign is '$' or '€' or '£' or '¥')
        {
            _at++;
            return ParsePower();
        }
        if (sign is not ('(' or '[' or '{' or '⦃' or '⟨' or '|' or '⌊' or '⌈')) return null;
        _at++;
        return sign switch
        {
            '|' => ParseBars(),
            '⌊' => ParseSum() is { } floor && TryTake('⌋') ? new Call("floor", [floor]) : null,
            '⌈' => ParseSum() is { } ceiling && TryTake('⌉') ? new Call("ceil", [ceiling]) : null,
            _ => ParseBracket(sign),
        };
    }

    private Call? ParseBars()
    {
        _bars++;
        Expression? inner = ParseSum();
        _bars--;
        return inner is not null && TryTake('|') ? new Call("abs", [inner]) : null;
    }

    private Expression? ParseBracket(char open)
    {
        int bars = _bars;
        _bars = 0;
        Expression? result = ParseBracketContent(open);
        _bars = bars;
        return result;
    }

    private Expression? ParseBracketContent(char open)
    {
        if (open is '{' or '⦃' && (TryTake('}') || TryTake('⦄'))) return new Items([], Ordered: false);
        if (ParseList() is not { } list || Next.Kind != TokenKind.Sign) return null;
        char close = Next.Text[0];
        bool matches = open switch
        {
            '(' or '[' => close is ')' or ']',
            '{' => close == '}',
            '⦃' => close == '⦄',
            _ => close == '⟩',
        };
        if (!matches) return null;
        _at++;
        if (open == '⦃') return new Items(list, Ordered: false);
        if (open == '{') return list.Count == 1 ? list[0] : new Items(list, Ordered: false);
        if (list.Count == 2 && (open == '[' || close == ']')) return new Interval(list[0], list[1], open == '[', close == ']');
        if (list.Count == 1) return list[0] is Relation && open != '(' ? null : list[0];
        return new Items(list, Ordered: true);
    }

    private Expression? ParseNumber(string text)
    {
        if (text.Length > MaxDigits) return null;
        if (Next.Is('_')) return ParseBaseNumber(text);
        int exponentAt = text.IndexOfAny(['e', 'E']);
        string mantissa = exponentAt < 0 ? text : text[..exponentAt];
        int point = mantissa.IndexOf('.');
        int decimals = point < 0 ? 0 : mantissa.Length - point - 1;
        BigInteger digits = BigInteger.Parse(mantissa.Replace(".", ""));
        Rational value = Rational.Of(digits, BigInteger.Pow(10, decimals));
        if (exponentAt >= 0)
        {
            if (!int.TryParse(text.AsSpan(exponentAt + 1), out int exponent) || Math.Abs(exponent) > MaxDigits) return null;
            Rational scale = Rational.Of(BigInteger.Pow(10, Math.Abs(exponent)));
            value = exponent < 0 ? value / scale : value * scale;
        }
        if (Next is { Kind: TokenKind.Command, Text: "overline" } && point >= 0) return ParseRepeating(value, decimals);
        return new Number(value, decimals, point < 0 ? 0 : mantissa.Replace(".", "").TrimStart('0').Length);
    }

    /// <summary><c>0.1\overline{6}</c>: a sixth.</summary>
    private Number? ParseRepeating(Rational value, int decimals)
    {
        _at++;
        if (!TryTake('{') || !IsWhole(_at) || _tokens[_at].Text is not { Length: < 100 } period) return null;
        _at++;
        if (!TryTake('}')) return null;
        BigInteger denominator = BigInteger.Pow(10, decimals) * (BigInteger.Pow(10, period.Length) - 1);
        return new Number(value + Rational.Of(BigInteger.Parse(period), denominator));
    }

    private BaseNumber? ParseBaseNumber(string digits)
    {
        _at++;
        bool grouped = TryTake('{');
        if (!IsWhole(_at) || !int.TryParse(Next.Text, out int radix) || radix is < 2 or > 36) return null;
        _at++;
        if (grouped && !TryTake('}')) return null;
        return digits.All(c => char.IsAsciiDigit(c) && c - '0' < radix) ? new BaseNumber(digits, radix) : null;
    }

    private Expression? ParseName(string name)
    {
        if (name == "∅") return new Items([], Ordered: false);
        Expression result = new Symbol(name);
        if (TryTake('_'))
        {
            int start = _at;
            if (ParseArgumentOf() is not { } index) return null;
            result = IsPlainIndex(start, _at) ? new Symbol($"{name}_{IndexText(start, _at)}") : new Call(name + "_", [index]);
        }
        if (!Next.Is('(') || result is not Symbol symbol || !IsFunctionName(symbol.Name)) return result;
        _at++;
        return ParseBracket('(') is { } arguments ? new Call(symbol.Name, arguments is Items items ? items.Members : [arguments]) : null;
    }

    private bool IsPlainIndex(int start, int end) =>
        _tokens.Skip(start).Take(end - start).All(token => token.Kind is TokenKind.Number or TokenKind.Name || token.Is('{') || token.Is('}'));

    private string IndexText(int start, int end) =>
        string.Concat(_tokens.Skip(start).Take(end - start).Where(token => token.Kind != TokenKind.Sign).Select(token => token.Text));

    /// <summary>
    /// Whether a name before a bracket is a function rather than a factor: the usual letters, and a capital before a single variable or number
    /// (<c>W(n)</c>).
    /// </summary>
    private bool IsFunctionName(string name) =>
        name[0] is 'f' or 'g' or 'h' or 'F' or 'G' or 'H' ||
        char.IsAsciiLetterUpper(name[0]) && _tokens[_at + 1].Kind is TokenKind.Name or TokenKind.Number && _tokens[_at + 2].Is(')');

    private Expression? ParseFunction(string name)
    {
        Expression? index = null, exponent = null;
        if (TryTake('_') && (index = ParseAtom()) is null) return null;
        if (TryTake('^') && (exponent = ParseExponent()) is null) return null;
        if (TryTake('_') && (index = ParseAtom()) is null) return null;
        Expression? argument = Next.Is('(') ? ParseArgumentOf() : ParseArgument(); // \sin(x)^2 is the square of the sine
        if (argument is null) return null;
        IReadOnlyList<Expression> arguments = argument is Items list ? list.Members : [argument];
        if (exponent is Number { Value: var power } && power == -Rational.One && name is "sin" or "cos" or "tan") return new Call("arc" + name, arguments);
        Expression call = name == "exp" ? new Power(new Symbol("e"), argument) : new Call(name, index is null ? arguments : [.. arguments, index]);
        return exponent is null ? call : new Power(call, exponent);
    }

    /// <summary>The argument of a function without brackets, such as <c>2x</c> in <c>\sin 2x \cos y</c>.</summary>
    private Expression? ParseArgument()
    {
        bool negative = TryTake('-');
        if (ParsePower() is not { } argument) return null;
        while (StartsFactor() && Next.Kind is TokenKind.Name or TokenKind.Number || Next is { Kind: TokenKind.Command, Text: "frac" or "sqrt" } || Next.Is('{'))
        {
            if (ParsePower() is not { } factor) return null;
            argument = Multiply(argument, factor);
        }
        return negative ? Negative(argument) : argument;
    }
}
