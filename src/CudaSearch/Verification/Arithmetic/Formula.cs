namespace CudaSearch.Verification.Arithmetic;

/// <summary>How to read what is written in more than one way.</summary>
/// <param name="PercentIsHundredth">20% is 0.2; otherwise 20, the sign being a mere unit ("0.2 * 100 = 20%").</param>
/// <param name="MixedIsSum">A whole number before <c>\frac</c> of numbers is added to it; otherwise it multiplies.</param>
internal readonly record struct Reading(bool PercentIsHundredth, bool MixedIsSum);

/// <summary>One side of an equation.</summary>
/// <param name="Value">What it evaluates to.</param>
/// <param name="Computes">It has an operation; otherwise it is a number as it is written.</param>
/// <param name="Places">Decimal places of such a number; 0 where it computes.</param>
internal readonly record struct Side(ExactNumber Value, bool Computes, int Places);

/// <summary>Evaluates a formula of numbers by recursive descent: powers before products before sums, from left to right.</summary>
internal ref struct Formula
{
    /// <summary>Deeper nesting than anybody writes.</summary>
    private const int MaxDepth = 40;

    private readonly ReadOnlySpan<Token> _tokens;
    private readonly Reading _reading;
    private int _at;
    private int _depth;
    private bool _computes;
    private int _percentPlaces;

    private Formula(ReadOnlySpan<Token> tokens, Reading reading)
    {
        _tokens = tokens;
        _reading = reading;
    }

    private readonly TokenKind Kind => _at < _tokens.Length ? _tokens[_at].Kind : TokenKind.End;

    /// <summary>The value of all these tokens together; null where they are no formula of numbers.</summary>
    public static Side? Evaluate(ReadOnlySpan<Token> tokens, Reading reading)
    {
        var formula = new Formula(tokens, reading);
        if (formula.Sum() is not { } value || formula._at < tokens.Length) return null;
        int places = formula._percentPlaces;
        foreach (Token token in tokens) places += token.Places;
        return new Side(value, formula._computes, formula._computes ? 0 : places);
    }

    private ExactNumber? Sum()
    {
        if (++_depth > MaxDepth) return null;
        ExactNumber? sum = Product();
        while (sum is { } left && Kind is TokenKind.Plus or TokenKind.Minus)
        {
            bool adds = Take() == TokenKind.Plus;
            sum = Product() is { } right ? adds ? left.Plus(right) : left.Minus(right) : null;
        }
        _depth--;
        return sum;
    }

    private ExactNumber? Product()
    {
        ExactNumber? product = Signed();
        bool divided = false, spaced = false;
        while (product is { } left)
        {
            switch (Kind)
            {
                case TokenKind.Times:
                    Take();
                    product = Signed() is { } factor ? left.Times(factor) : null;
                    break;
                case TokenKind.Divide:
                    // 25 / 1/3 may mean 25 divided by a third.
                    if (divided && spaced && !_tokens[_at].Spaced) return null;
                    (divided, spaced) = (true, _tokens[_at].Spaced || (_at + 1 < _tokens.Length && _tokens[_at + 1].Spaced));
                    Take();
                    product = Signed() is { } divisor ? left.Over(divisor) : null;
                    break;
                case TokenKind.Percent: // one that no operand followed was taken as a percent sign
                    Take();
                    product = Signed() is { } modulus ? left.Modulo(modulus) : null;
                    break;
                case TokenKind.Open or TokenKind.Root or TokenKind.Fraction:
                    // 6/2(1+2) has two readings.
                    product = divided ? null : Beside(left);
                    break;
                default:
                    return product;
            }
        }
        return null;
    }

    /// <summary>Two operands side by side: a product, but 1\frac{1}{2} a mixed number.</summary>
    private ExactNumber? Beside(ExactNumber left)
    {
        bool mixed = Kind == TokenKind.Fraction && _reading.MixedIsSum && _tokens[_at - 1].Kind == TokenKind.Number && left.IsInteger;
        _computes = true;
        return Power() is not { } right ? null : mixed ? left.Plus(right) : left.Times(right);
    }

    private ExactNumber? Signed()
    {
        if (Kind != TokenKind.Minus) return Power();
        if (++_depth > MaxDepth) return null;
        _at++; // a sign is no operation
        ExactNumber? value = Signed()?.Negated();
        _depth--;
        return value;
    }

    private ExactNumber? Power()
    {
        ExactNumber? power = Operand();
        if (power is { } percent && Kind == TokenKind.Percent && !StartsOperand(_at + 1))
        {
            _at++;
            if (_reading.PercentIsHundredth)
            {
                power = percent.Over(ExactNumber.Of(100, 1)!.Value);
                _percentPlaces += 2;
            }
        }
        if (power is not { } value || Kind != TokenKind.Power) return power;
        Take();
        if (++_depth > MaxDepth) return null;
        int first = _at;
        ExactNumber? result = Signed() is { } exponent ? value.Power(exponent) : null;
        _depth--;
        // 3^25^2 is 3^2 5^2 in LaTeX, where a power is one digit long.
        return _at > first + 1 && _tokens[first] is { Kind: TokenKind.Number, Length: > 1 } ? null : result;
    }

    private ExactNumber? Operand()
    {
        switch (Kind)
        {
            case TokenKind.Number:
                return _tokens[_at++].Value;
            case TokenKind.Open:
                return Group();
            case TokenKind.Fraction:
                Take();
                return Group() is { } top && Group() is { } bottom ? top.Over(bottom) : null;
            case TokenKind.Root:
                Take();
                return Group()?.Root();
            default:
                return null;
        }
    }

    private ExactNumber? Group()
    {
        if (Kind != TokenKind.Open) return null;
        _at++;
        ExactNumber? value = Sum();
        if (Kind != TokenKind.Close) return null;
        _at++;
        return value;
    }

    private readonly bool StartsOperand(int index) =>
        index < _tokens.Length && _tokens[index].Kind is TokenKind.Number or TokenKind.Open or TokenKind.Fraction or TokenKind.Root;

    /// <summary>Takes an operation.</summary>
    private TokenKind Take()
    {
        _computes = true;
        return _tokens[_at++].Kind;
    }
}
