namespace CudaSearch.Answers.Algebra;

/// <summary>What a token is.</summary>
internal enum TokenKind
{
    /// <summary>Digits, perhaps with a point or an exponent.</summary>
    Number,

    /// <summary>A letter, a Greek letter or another symbol that stands for a value.</summary>
    Name,

    /// <summary>A named function such as <c>sin</c>.</summary>
    Function,

    /// <summary>A command with arguments: <c>frac</c>, <c>sqrt</c>, <c>begin</c> …</summary>
    Command,

    /// <summary>Words of <c>\text{…}</c>.</summary>
    Words,

    /// <summary>One of <c>= ≈ ≠ &lt; ≤ &gt; ≥ ∈</c>.</summary>
    Relation,

    /// <summary>A comma, a semicolon, or "and" / "or" (written <c>&amp;</c>).</summary>
    Separator,

    /// <summary>Anything else, by its character: brackets, operators, <c>∪</c>, <c>%</c>, <c>°</c>.</summary>
    Sign,

    /// <summary>The end of the text.</summary>
    End,
}

/// <summary>A token of an answer.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">Its text in one spelling: a set brace is <c>⦃</c> or <c>⦄</c>, a LaTeX group <c>{</c> or <c>}</c>.</param>
/// <param name="AfterSpace">Whether white space stands before it.</param>
internal readonly record struct Token(TokenKind Kind, string Text, bool AfterSpace)
{
    /// <summary>Whether it is this sign.</summary>
    public bool Is(char sign) => Kind == TokenKind.Sign && Text[0] == sign;
}
