using System.Text;

namespace CudaSearch.Answers.Algebra;

/// <summary>
/// Cuts an answer into tokens: LaTeX, Unicode and plain spellings end up the same, looks are dropped, and the digits of a number are joined
/// across thousands separators.
/// </summary>
internal sealed class LatexLexer
{
    private readonly string _text;
    private readonly bool _joinsThousands;
    private readonly List<Token> _tokens = [];
    private int _at;
    private int _depth; // of brackets, where a comma separates
    private bool _space;

    private LatexLexer(string text, bool joinsThousands)
    {
        _text = text;
        _joinsThousands = joinsThousands;
    }

    /// <summary>The tokens of a text, the last of which is <see cref="TokenKind.End"/>.</summary>
    /// <param name="text">Any text.</param>
    /// <param name="joinsThousands">Whether <c>1,234</c> outside brackets is one number; <c>1{,}234</c> and <c>1,\!234</c> always are.</param>
    public static IReadOnlyList<Token> Read(string text, bool joinsThousands)
    {
        var lexer = new LatexLexer(text, joinsThousands);
        while (lexer._at < text.Length) lexer.ReadOne();
        lexer.Add(TokenKind.End, "");
        return lexer._tokens;
    }

    private void ReadOne()
    {
        char c = _text[_at];
        if (char.IsWhiteSpace(c) || c is '~' or '$')
        {
            _at++;
            _space = true;
        }
        else if (char.IsAsciiDigit(c) || c == '.' && _at + 1 < _text.Length && char.IsAsciiDigit(_text[_at + 1])) ReadNumber();
        else if (c == '\\') ReadCommand();
        else if (char.IsAsciiLetter(c)) ReadLetters();
        else if (LatexVocabulary.SpellingOf(c) is { } spelling) Splice(spelling, 1);
        else if (char.IsLetter(c) && c != 'π') Take(TokenKind.Name, 1);
        else ReadSign(c);
    }

    /// <summary>Reads these tokens in place of the next characters.</summary>
    private void Splice(string spelling, int length)
    {
        foreach (Token token in Read(spelling, joinsThousands: false)) if (token.Kind != TokenKind.End) Add(token.Kind, token.Text);
        _at += length;
    }

    private void ReadSign(char c)
    {
        if (c == '<' && Follows('=')) Replace('≤', 2);
        else if (c == '>' && Follows('=')) Replace('≥', 2);
        else if (c == '!' && Follows('=')) Replace('≠', 2);
        else if (c == ':' && Follows('=')) Replace('=', 2);
        else if (c == '*' && Follows('*')) Replace('^', 2);
        else Replace(c, 1);
    }

    private bool Follows(char c) => _at + 1 < _text.Length && _text[_at + 1] == c;

    private void Replace(char sign, int length)
    {
        AddSign(sign);
        _at += length;
    }

    private void AddSign(char sign)
    {
        if (sign is '(' or '[' or '{' or '⦃' or '⟨') _depth++;
        else if (sign is ')' or ']' or '}' or '⦄' or '⟩') _depth--;
        TokenKind kind = sign switch
        {
            '=' or '≈' or '≠' or '<' or '≤' or '>' or '≥' or '∈' => TokenKind.Relation,
            ',' or ';' => TokenKind.Separator,
            'π' or '∞' or '∅' => TokenKind.Name,
            _ => TokenKind.Sign,
        };
        Add(kind, sign.ToString());
    }

    /// <summary>A number. Without braces, each argument of a fraction is one digit: <c>\frac12</c>.</summary>
    private void ReadNumber()
    {
        if (Peek(0) != '.' && _tokens.Count > 0 && _tokens[^1] is { Kind: TokenKind.Command, Text: "frac" or "binom" })
        {
            Take(TokenKind.Number, 1);
            if (char.IsAsciiDigit(Peek(0))) Take(TokenKind.Number, 1);
            return;
        }
        StringBuilder digits = new();
        TakeDigits(digits);
        while (EndOfGroup() is > 0 and int end)
        {
            digits.Append(_text, end - 3, 3);
            _at = end;
        }
        if (Peek(0) == '.' && char.IsAsciiDigit(Peek(1)))
        {
            digits.Append('.');
            _at++;
            TakeDigits(digits);
        }
        else if (_text.AsSpan(_at).StartsWith(@".\overline"))
        {
            digits.Append('.');
            _at++;
        }
        else if (Peek(0) == '.' && Peek(1) is not ('.' or '\\')) _at++; // "3." is 3
        int sign = Peek(1) is '-' or '+' ? 1 : 0;
        if (Peek(0) is 'e' or 'E' && char.IsAsciiDigit(Peek(1 + sign)))
        {
            digits.Append(_text, _at, 1 + sign);
            _at += 1 + sign;
            TakeDigits(digits);
        }
        Add(TokenKind.Number, digits.ToString());
    }

    private char Peek(int ahead) => _at + ahead < _text.Length ? _text[_at + ahead] : '\0';

    private void TakeDigits(StringBuilder digits)
    {
        while (char.IsAsciiDigit(Peek(0))) digits.Append(_text[_at++]);
    }

    /// <summary>Where a separator and exactly three digits that follow here end; 0 where there are none.</summary>
    private int EndOfGroup()
    {
        int digits = EndOfSeparator();
        if (digits == 0 || digits + 3 > _text.Length || !_text.AsSpan(digits, 3).ContainsOnlyDigits()) return 0;
        return digits + 3 < _text.Length && char.IsAsciiDigit(_text[digits + 3]) ? 0 : digits + 3;
    }

    private int EndOfSeparator()
    {
        ReadOnlySpan<char> rest = _text.AsSpan(_at);
        foreach (string separator in (ReadOnlySpan<string>)["{,}", @",\!", @"\,", @"{,\!}", "{, }", @"\!,\!", @"\;", @"\ "])
        {
            string spaced = " " + separator;
            if (!rest.StartsWith(separator) && !rest.StartsWith(spaced)) continue;
            int end = _at + (rest[0] == ' ' ? spaced : separator).Length;
            while (end < _text.Length && _text[end] == ' ') end++;
            return end;
        }
        bool plain = _joinsThousands && _depth == 0 && rest.Length > 0 && (rest[0] == ',' || rest[0] == ' ' && NumberStarts());
        return plain ? _at + 1 : 0;
    }

    /// <summary>Whether the digits just read have at most three places, as the first group of <c>1 000</c> has.</summary>
    private bool NumberStarts()
    {
        int start = _at;
        while (start > 0 && char.IsAsciiDigit(_text[start - 1])) start--;
        return _at - start <= 3 && _text[start] != '0';
    }

    private void ReadCommand()
    {
        int end = _at + 1;
        while (end < _text.Length && char.IsAsciiLetter(_text[end])) end++;
        if (end == _at + 1)
        {
            ReadEscape();
            return;
        }
        string name = LatexVocabulary.Usual(_text[(_at + 1)..end]);
        if (name.StartsWith("quad", StringComparison.Ordinal)) end = _at + 5; // "\quadx"
        _at = end;
        if (LatexVocabulary.SignOf(name) is { } sign) AddSign(sign);
        else if (LatexVocabulary.IsText(name)) ReadWords();
        else if (name == "mathbb") Add(TokenKind.Name, "𝔹" + Argument());
        else if (LatexVocabulary.IsFunction(name)) Add(TokenKind.Function, name);
        else if (LatexVocabulary.IsCommand(name)) Add(TokenKind.Command, name);
        else if (LatexVocabulary.IsIgnored(name) || name.StartsWith("quad", StringComparison.Ordinal)) _space = true;
        else Add(TokenKind.Name, name);
    }

    private void ReadEscape()
    {
        char c = Peek(1);
        _at = Math.Min(_at + 2, _text.Length);
        switch (c)
        {
            case '{': AddSign('⦃'); break;
            case '}': AddSign('⦄'); break;
            case '\\': AddSign('↵'); break;
            case '|': AddSign('|'); break;
            case '%': AddSign('%'); break;
            case '$': AddSign('$'); break;
            default: _space = true; break; // \, \; \! and their like, \( \) \[ \]
        }
    }

    /// <summary>The argument of a text command: words, or tokens where it is a sign, a letter or a connective.</summary>
    private void ReadWords()
    {
        string words = Argument().Trim();
        string bare = words.Trim('.', ',', ';', ' ', '(', ')');
        if (LatexVocabulary.MeaningOf(bare) is { } meaning) AddMeaning(meaning);
        else if (bare.Length == 1) Splice(bare, 0);
        else if (NumberWords.IsNumber(bare)) Splice(NumberWords.ToDigits(bare), 0);
        else if (LatexVocabulary.IsFunction(bare)) Add(TokenKind.Function, bare);
        else if (words.Length > 0) Add(TokenKind.Words, words);
        else _space = true;
    }

    private string Argument()
    {
        while (Peek(0) == ' ') _at++;
        if (Peek(0) != '{')
        {
            string one = _at < _text.Length ? _text[_at..++_at] : "";
            return one;
        }
        int depth = 0;
        for (int i = _at; i < _text.Length; i++)
        {
            if (_text[i] == '{') depth++;
            else if (_text[i] == '}' && --depth == 0)
            {
                string content = _text[(_at + 1)..i];
                _at = i + 1;
                return content;
            }
        }
        string rest = _text[(_at + 1)..];
        _at = _text.Length;
        return rest;
    }

    /// <summary>Letters are variables one by one, but for the words that everybody writes without a backslash and the units of a number.</summary>
    private void ReadLetters()
    {
        int end = _at;
        while (end < _text.Length && char.IsAsciiLetter(_text[end])) end++;
        string word = _text[_at..end];
        if (LatexVocabulary.MeaningOf(word) is { } meaning) AddMeaning(meaning);
        else if (_tokens.Count > 0 && (UnitNames.IsUnitWord(word) || end < _text.Length && _text[end] is '²' or '³' && UnitNames.Canonical(word) is not null))
        {
            Add(TokenKind.Words, word); // nobody types a variable with a raised Unicode digit behind a number
        }
        else if (JoiningWord(word) is { } joined)
        {
            foreach (string piece in joined) Splice(piece, 0);
        }
        else
        {
            foreach (char letter in word) Add(TokenKind.Name, letter.ToString());
        }
        _at = end;
    }

    /// <summary><c>1orW</c> is "1 or W": words glued to what they join.</summary>
    private static string[]? JoiningWord(string word) =>
        word.Length > 2 && word.StartsWith("or", StringComparison.Ordinal) && char.IsAsciiLetterUpper(word[2]) ? ["or ", word[2..]] : null;

    private void AddMeaning(string meaning)
    {
        if (meaning == "&") Add(TokenKind.Separator, meaning);
        else if (meaning[0] == '\\') Splice(meaning, 0);
        else AddSign(meaning[0]);
    }

    private void Take(TokenKind kind, int length)
    {
        Add(kind, _text.Substring(_at, length));
        _at += length;
    }

    private void Add(TokenKind kind, string text)
    {
        _tokens.Add(new Token(kind, text, _space));
        _space = false;
    }
}
