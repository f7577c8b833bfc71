using System.Collections.Frozen;
using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;

namespace CudaSearch.Verification.Arithmetic;

/// <summary>Cuts a line of prose, LaTeX or plain formulas into what arithmetic knows and what it does not. It never refuses a text.</summary>
internal sealed partial class Lexer
{
    /// <summary>Words that belong to the number beside them ("4 times 5", "half of 6", "3 thousand", "log 100"): without them it means another number.</summary>
    private static readonly FrozenSet<string> s_operatorWords = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase,
        "times", "plus", "minus", "of", "by", "over", "than", "twice", "thrice", "double", "half", "third", "thirds", "quarter", "quarters", "percent", "dozen",
        "hundred", "thousand", "million", "billion", "trillion", "squared", "cubed", "choose", "log", "ln", "exp", "sin", "cos", "tan", "sqrt", "gcd", "lcm",
        "max", "min", "floor", "ceil", "pi", "divided", "multiplied", "per", "point");

    private static readonly FrozenDictionary<string, TokenKind> s_commands = new Dictionary<string, TokenKind>
    {
        ["frac"] = TokenKind.Fraction, ["dfrac"] = TokenKind.Fraction, ["tfrac"] = TokenKind.Fraction, ["cfrac"] = TokenKind.Fraction,
        ["sqrt"] = TokenKind.Root,
        ["times"] = TokenKind.Times, ["cdot"] = TokenKind.Times, ["div"] = TokenKind.Divide,
        ["approx"] = TokenKind.End, ["neq"] = TokenKind.End, ["ne"] = TokenKind.End, ["le"] = TokenKind.End, ["leq"] = TokenKind.End, ["ge"] = TokenKind.End,
        ["geq"] = TokenKind.End, ["lt"] = TokenKind.End, ["gt"] = TokenKind.End, ["sim"] = TokenKind.End, ["Rightarrow"] = TokenKind.End,
        ["implies"] = TokenKind.End, ["to"] = TokenKind.End, ["rightarrow"] = TokenKind.End, ["iff"] = TokenKind.End, ["therefore"] = TokenKind.End,
        ["quad"] = TokenKind.End, ["qquad"] = TokenKind.End,
    }.ToFrozenDictionary();

    /// <summary>Commands that change how a formula looks, not what it means; their braces group.</summary>
    private static readonly FrozenSet<string> s_looks = FrozenSet.Create("left", "right", "big", "Big", "bigl", "bigr", "Bigl", "Bigr", "displaystyle", "boxed");

    private const int MaxLength = 200;

    private readonly string _text;
    private readonly List<Token> _tokens = [];
    private int _at;
    private bool _spaced;

    private Lexer(string text) => _text = text;

    /// <summary>The tokens of a line, in order.</summary>
    public static List<Token> Read(string line)
    {
        var lexer = new Lexer(line);
        while (lexer._at < line.Length) lexer.Next();
        return lexer._tokens;
    }

    private void Next()
    {
        char c = _text[_at];
        if (char.IsWhiteSpace(c)) Skip(1);
        else if (char.IsAsciiDigit(c) || (c == '.' && char.IsAsciiDigit(Peek(1)))) Number();
        else if (char.IsLetter(c)) Letters();
        else if (c == '\\') Command();
        else Symbol(c);
    }

    private void Number()
    {
        Match match = NumberPattern().Match(_text, _at);
        string digits = match.Value.Replace(",", "");
        int point = digits.IndexOf('.');
        int places = point < 0 ? 0 : digits.Length - point - 1;
        BigInteger unscaled = BigInteger.Parse(digits.Replace(".", ""), NumberStyles.None, CultureInfo.InvariantCulture);
        int end = _at + match.Length;
        bool listed = (end + 1 < _text.Length && _text[end] == ',' && char.IsAsciiDigit(_text[end + 1]))
            || (_at > 1 && _text[_at - 1] == ',' && char.IsAsciiDigit(_text[_at - 2]));
        // "x2" and "A1" are names, "45,90,135" is a list, "0.\overline{3}" has no end.
        bool isPart = listed || FollowsLetter() || RepeatingPattern().IsMatch(_text, end);
        if (match.Length > MaxLength || isPart || ExactNumber.Of(unscaled, BigInteger.Pow(10, places)) is not { } value) Add(TokenKind.Unknown, match.Length);
        else Add(TokenKind.Number, match.Length, value, places);
    }

    private void Letters()
    {
        int end = _at;
        while (end < _text.Length && char.IsLetter(_text[end])) end++;
        int length = end - _at;
        bool touches = !_spaced && _tokens is [.., { Kind: TokenKind.Number or TokenKind.Close } before] && before.Stop == _at;
        if (length == 1) Add(IsCross(end) ? TokenKind.Times : TokenKind.Unknown, 1);
        // "12ab" is a product, "f(2)" and "area(2)" are functions.
        // "5 and 2/3" is one number.
        else if (touches || (end < _text.Length && _text[end] == '(') || s_operatorWords.Contains(_text[_at..end]) || IsMixedNumber())
            Add(TokenKind.Unknown, length);
        else Add(TokenKind.Word, length);
    }

    /// <summary>Whether the letter here multiplies: an x between two numbers.</summary>
    private bool IsCross(int end)
    {
        if (_text[_at] is not ('x' or 'X') || _tokens is not [.., { Kind: TokenKind.Number or TokenKind.Close }]) return false;
        while (end < _text.Length && (char.IsWhiteSpace(_text[end]) || _text[end] == '$')) end++;
        return end < _text.Length && char.IsAsciiDigit(_text[end]);
    }

    private bool IsMixedNumber() => _tokens is [.., { Kind: TokenKind.Number }] && AndFraction().IsMatch(_text, _at);

    private void Command()
    {
        Match match = CommandPattern().Match(_text, _at);
        if (!match.Success)
        {
            char c = Peek(1);
            if (c == '%') Add(TokenKind.Percent, 2);
            else if (c is '\\' or '\0') Add(TokenKind.End, Math.Min(2, _text.Length - _at));
            else if (c is '(' or ')' or '[' or ']' or '$' or ',' or ';' or ':' or '!' or ' ') Skip(2);
            else Add(TokenKind.Unknown, 2);
            return;
        }
        string name = match.Groups[1].Value;
        if (s_looks.Contains(name)) Skip(match.Length);
        else if (name == "sqrt" && Peek(match.Length) == '[') Add(TokenKind.Unknown, match.Length); // another root than the square
        else if (name.StartsWith("text", StringComparison.Ordinal) || name is "mathrm" or "mbox" or "operatorname")
            Add(TokenKind.Word, TextPattern().Match(_text, _at).Length);
        else Add(s_commands.GetValueOrDefault(name, TokenKind.Unknown), match.Length);
    }

    private void Symbol(char c)
    {
        switch (c)
        {
            case '+': Add(TokenKind.Plus, 1); break;
            case '-' or '−' or '–': Add(TokenKind.Minus, 1); break;
            case '*' when Peek(1) == '*': Stars(); break;
            case '*' or '×' or '·' or '⋅' or '∙': Add(TokenKind.Times, 1); break;
            case '/' or '÷': Add(TokenKind.Divide, 1); break;
            case '%': Add(TokenKind.Percent, 1); break;
            case '^' when DegreePattern().Match(_text, _at) is { Success: true } degree: Skip(degree.Length); break;
            case '^': Add(TokenKind.Power, 1); break;
            case '(' or '[' or '{': Add(TokenKind.Open, 1); break;
            case ')' or ']' or '}': Add(TokenKind.Close, 1); break;
            case '=' when Peek(1) == '>': Add(TokenKind.End, 2); break;
            case '=': Add(TokenKind.Equals, Peek(1) == '=' ? 2 : 1); break;
            case '<' or '>': Add(TokenKind.End, Peek(1) == '=' ? 2 : 1); break;
            case '!' when Peek(1) == '=': Add(TokenKind.End, 2); break;
            case '!': Add(TokenKind.Unknown, 1); break;
            case '.' when Peek(1) == '.': Add(TokenKind.Unknown, 2); break;
            case ':' when _at > 0 && char.IsAsciiDigit(_text[_at - 1]) && char.IsAsciiDigit(Peek(1)): Add(TokenKind.Unknown, 1); break;
            case '.' or ',' or ';' or ':' or '?' or '"' or '\'' or '’' or '“' or '”' or '#' or '—' or '•'
                or '≈' or '≠' or '≤' or '≥' or '→' or '⇒' or '∴' or '~':
                Add(TokenKind.End, 1);
                break;
            case '$' when Peek(1) == '$': Add(TokenKind.End, 2); break;
            case '$' or '€' or '£' or '&' or '`' or '°': Skip(1); break;
            default: Add(TokenKind.Unknown, 1); break;
        }
    }

    /// <summary>Two asterisks are a power between operands, as in Python, and bold print elsewhere.</summary>
    private void Stars()
    {
        bool power = _at > 0 && _text[_at - 1] is (>= '0' and <= '9') or ')' && Peek(2) is (>= '0' and <= '9') or '(' or '-';
        if (power) Add(TokenKind.Power, 2);
        else Skip(2);
    }

    private bool FollowsLetter() => _at > 0 && char.IsLetter(_text[_at - 1]) && _tokens is [.., { Kind: not TokenKind.Times }];

    private char Peek(int ahead) => _at + ahead < _text.Length ? _text[_at + ahead] : '\0';

    private void Add(TokenKind kind, int length, ExactNumber value = default, int places = 0)
    {
        _tokens.Add(new Token(kind, _at, length, _spaced) { Value = value, Places = places });
        _at += length;
        _spaced = false;
    }

    private void Skip(int length)
    {
        _spaced = true;
        _at = Math.Min(_at + length, _text.Length);
    }

    [GeneratedRegex(@"\G(?:(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]+)(?:\.[0-9]+)?|\.[0-9]+)")]
    private static partial Regex NumberPattern();

    [GeneratedRegex(@"\G\\([A-Za-z]+)")]
    private static partial Regex CommandPattern();

    // A command with its one group, as far as it goes.
    [GeneratedRegex(@"\G\\[A-Za-z]+\s*(?:\{[^{}]*\}?)?")]
    private static partial Regex TextPattern();

    [GeneratedRegex(@"\G\.\\(?:over|dot|bar)")]
    private static partial Regex RepeatingPattern();

    [GeneratedRegex(@"\Gand\s+\$?(?:[0-9]+\s*/|\\[dt]?frac)", RegexOptions.IgnoreCase)]
    private static partial Regex AndFraction();

    [GeneratedRegex(@"\G\^\s*(?:\\circ|\{\s*\\circ\s*\}|°)")]
    private static partial Regex DegreePattern();
}
