namespace CudaSearch.Answers.Algebra;

/// <summary>
/// What an answer says, as a tree. Scalars first (they evaluate to a number or a function), then what is made of scalars. Trees are no
/// deeper than the parser allows, so they may be walked recursively.
/// </summary>
internal abstract record Expression
{
    private Expression()
    {
    }

    /// <summary>A literal.</summary>
    /// <param name="Value">Its exact value.</param>
    /// <param name="Decimals">Digits after the point as written; 0 for an integer.</param>
    /// <param name="Significant">Significant digits as written; 0 for an integer, which is never a rounding of anything.</param>
    public sealed record Number(Rational Value, int Decimals = 0, int Significant = 0) : Expression;

    /// <summary>A variable or a constant: <c>x</c>, <c>x_1</c>, <c>π</c>, <c>e</c>, <c>i</c>, <c>∞</c>; <c>±</c> is a variable of value 1 or −1.</summary>
    public sealed record Symbol(string Name) : Expression;

    /// <summary>A sum of at least two terms.</summary>
    public sealed record Sum(IReadOnlyList<Expression> Terms) : Expression;

    /// <summary>A product of at least two factors.</summary>
    public sealed record Product(IReadOnlyList<Expression> Factors) : Expression;

    /// <summary>A quotient.</summary>
    public sealed record Quotient(Expression Numerator, Expression Denominator) : Expression;

    /// <summary>A power; roots are powers with a fraction as exponent.</summary>
    public sealed record Power(Expression Base, Expression Exponent) : Expression;

    /// <summary>A function of its arguments. Names that nobody knows are functions nothing is known of.</summary>
    public sealed record Call(string Function, IReadOnlyList<Expression> Arguments) : Expression;

    /// <summary>A value with a unit behind it: <c>%</c>, <c>°</c>, or words.</summary>
    public sealed record Measured(Expression Value, string Unit) : Expression;

    /// <summary>A whole number in a base other than ten: <c>204_5</c>.</summary>
    /// <param name="Digits">As written.</param>
    /// <param name="Base">2 to 36.</param>
    public sealed record BaseNumber(string Digits, int Base) : Expression;

    /// <summary><c>7:32</c>, with two parts or more; also a time of day.</summary>
    public sealed record Ratio(IReadOnlyList<Expression> Parts) : Expression;

    /// <summary>Rows of equal length.</summary>
    public sealed record Matrix(IReadOnlyList<IReadOnlyList<Expression>> Rows) : Expression;

    /// <summary>A tuple (ordered), or a set or list of answers (not ordered).</summary>
    public sealed record Items(IReadOnlyList<Expression> Members, bool Ordered) : Expression;

    /// <summary>An interval of which at least one end is written with a square bracket or as a bound; <c>(0,1)</c> is read as a tuple.</summary>
    public sealed record Interval(Expression Low, Expression High, bool LowClosed, bool HighClosed) : Expression;

    /// <summary>A union of sets.</summary>
    public sealed record Union(IReadOnlyList<Expression> Parts) : Expression;

    /// <summary>A chain such as <c>a = b = c</c> or <c>0 &lt; x ≤ 1</c>.</summary>
    /// <param name="Sides">At least two.</param>
    /// <param name="Signs">What stands between them: one of <c>= ≈ ≠ &lt; ≤ &gt; ≥ ∈</c> each.</param>
    public sealed record Relation(IReadOnlyList<Expression> Sides, IReadOnlyList<char> Signs) : Expression;

    /// <summary>Words: <c>\text{even}</c>.</summary>
    public sealed record Words(string Text) : Expression;

    /// <summary>A whole number.</summary>
    public static Number Of(int value) => new(Rational.Of(value));

    /// <summary>The negative of a value.</summary>
    public static Expression Negative(Expression value) => value switch
    {
        Number number => number with { Value = -number.Value },
        Product { Factors: [Number { Value: var minus }, var positive] } when minus == -Rational.One => positive,
        _ => new Product([Of(-1), value]),
    };

    /// <summary>The difference of two values.</summary>
    public static Expression Difference(Expression left, Expression right) => new Sum([left, Negative(right)]);
}
