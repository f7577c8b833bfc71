namespace CudaSearch.Verification.Arithmetic;

/// <summary>What a piece of text is to arithmetic.</summary>
internal enum TokenKind
{
    /// <summary>A number without sign.</summary>
    Number,

    /// <summary>+</summary>
    Plus,

    /// <summary>-</summary>
    Minus,

    /// <summary>A sign of multiplication.</summary>
    Times,

    /// <summary>/ or ÷</summary>
    Divide,

    /// <summary>%: a percent sign, or before an operand the remainder.</summary>
    Percent,

    /// <summary>^ or **</summary>
    Power,

    /// <summary>An opening bracket of any kind.</summary>
    Open,

    /// <summary>A closing bracket of any kind.</summary>
    Close,

    /// <summary><c>\frac</c>: two groups follow.</summary>
    Fraction,

    /// <summary><c>\sqrt</c>: a group follows.</summary>
    Root,

    /// <summary>=</summary>
    Equals,

    /// <summary>A word of prose or a unit: no formula goes on across it.</summary>
    Word,

    /// <summary>Punctuation or another relation: no formula goes on across it.</summary>
    End,

    /// <summary>A variable, or anything else that arithmetic alone cannot evaluate: it spoils the formula it is part of.</summary>
    Unknown,
}

/// <summary>A piece of text.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Start">Where it begins.</param>
/// <param name="Length">How many characters it has.</param>
/// <param name="Spaced">White space stands before it.</param>
internal readonly record struct Token(TokenKind Kind, int Start, int Length, bool Spaced)
{
    /// <summary>The value of a number.</summary>
    public ExactNumber Value { get; init; }

    /// <summary>Digits of a number behind its point.</summary>
    public int Places { get; init; }

    /// <summary>Where it ends.</summary>
    public int Stop => Start + Length;
}
