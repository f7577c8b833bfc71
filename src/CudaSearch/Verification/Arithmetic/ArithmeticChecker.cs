using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace CudaSearch.Verification.Arithmetic;

/// <summary>An equation found in a text.</summary>
/// <param name="Text">As it stands there, e.g. <c>41*2=82</c>.</param>
/// <param name="Holds">Whether its sides are equal.</param>
public readonly record struct ArithmeticEquation(string Text, bool Holds);

/// <summary>
/// Finds the equations of a text whose sides are plain arithmetic, in prose, formulas or LaTeX, and checks them exactly. What could mean something else
/// (variables, functions, units inside a formula, congruences, other bases, words such as "of" beside a number) is passed over: a right equation called
/// false does more harm than a wrong one overlooked.
/// </summary>
public static partial class ArithmeticChecker
{
    // Percent signs and mixed numbers are read as the writer meant them: an equation is false only if it is so in every reading.
    private static readonly Reading[] s_readings = [new(true, true), new(true, false), new(false, true), new(false, false)];

    /// <summary>
    /// The equations of a text, in order. In a chain <c>a = b = c</c> each pair of neighbours is one. Sides that are equal up to the rounding of a decimal
    /// (<c>10/3 = 3.33</c>) count as equal where the exact value needs more places.
    /// </summary>
    public static IReadOnlyList<ArithmeticEquation> Check(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var equations = new List<ArithmeticEquation>();
        string plain = Continuation().Replace(Grouping().Replace(text, ","), " ");
        foreach (string line in plain.Split('\n'))
        {
            if (line.Contains('=') && !OtherArithmetic().IsMatch(line)) equations.AddRange(CheckLine(line));
        }
        return equations;
    }

    /// <summary>A dash that opens a line is a list's mark or a sign, whichever is kinder.</summary>
    private static List<ArithmeticEquation> CheckLine(string line)
    {
        List<ArithmeticEquation> marked = CheckFormulas(ListMark().Replace(line, ""));
        if (!DashMark().IsMatch(line) || marked.TrueForAll(equation => equation.Holds)) return marked;
        List<ArithmeticEquation> signed = CheckFormulas(line);
        return signed.TrueForAll(equation => equation.Holds) ? signed : marked;
    }

    private static List<ArithmeticEquation> CheckFormulas(string line)
    {
        var equations = new List<ArithmeticEquation>();
        List<Token> tokens = Lexer.Read(line);
        bool afterWord = false;
        for (int start = 0; start < tokens.Count;)
        {
            int end = start;
            while (end < tokens.Count && tokens[end].Kind is not (TokenKind.Word or TokenKind.End)) end++;
            ReadOnlySpan<Token> chain = CollectionsMarshal.AsSpan(tokens)[start..end];
            if (!(afterWord && BeginsInside(chain))) CheckChain(line, chain, afterWord, equations);
            afterWord = end < tokens.Count && tokens[end].Kind == TokenKind.Word;
            start = end + 1;
        }
        return equations;
    }

    /// <summary>Whether a formula that follows a word goes on from it ("apples - 3 = 2"), which a sign of its own ("is -3 + 5 = 2") does not.</summary>
    private static bool BeginsInside(ReadOnlySpan<Token> chain) =>
        chain is [{ Kind: TokenKind.Minus } minus, var next, ..] && (!minus.Spaced || next.Spaced);

    private static void CheckChain(string line, ReadOnlySpan<Token> chain, bool afterWord, List<ArithmeticEquation> equations)
    {
        var sides = new List<Range>();
        int start = 0;
        for (int i = 0; i <= chain.Length; i++)
        {
            if (i < chain.Length && chain[i].Kind != TokenKind.Equals) continue;
            sides.Add(start..i);
            start = i + 1;
        }
        // "Week 2 = 35 + 35": the number belongs to the word's name.
        if (afterWord && chain is [{ Kind: TokenKind.Number }, { Kind: TokenKind.Equals }, ..]) sides.RemoveAt(0);
        if (sides.Count < 2) return;
        sides[0] = WithoutOpening(chain, sides[0]);
        sides[^1] = WithoutClosing(chain, sides[^1]);

        List<ArithmeticEquation>? best = null;
        foreach (Reading reading in s_readings)
        {
            List<ArithmeticEquation> read = Compare(line, chain, sides, reading);
            if (best is null || read.Count(equation => !equation.Holds) < best.Count(equation => !equation.Holds)) best = read;
            if (best.TrueForAll(equation => equation.Holds)) break;
        }
        equations.AddRange(best!);
    }

    private static List<ArithmeticEquation> Compare(string line, ReadOnlySpan<Token> chain, List<Range> ranges, Reading reading)
    {
        var known = new List<(Side Side, Range Range)>();
        foreach (Range range in ranges)
        {
            if (Formula.Evaluate(chain[range], reading) is { } side) known.Add((side, range));
        }
        var equations = new List<ArithmeticEquation>();
        // Two bare numbers claim nothing by themselves: "of the 12 = 3 + 9" is cut at "of".
        if (!known.Exists(entry => entry.Side.Computes)) return equations;
        for (int i = 1; i < known.Count; i++)
        {
            Token first = chain[known[i - 1].Range][0], last = chain[known[i].Range][^1];
            equations.Add(new ArithmeticEquation(line[first.Start..last.Stop], AreEqual(known[i - 1].Side, known[i].Side)));
        }
        return equations;
    }

    /// <summary>A whole number is meant exactly, a decimal perhaps not.</summary>
    private static bool AreEqual(Side left, Side right) =>
        left.Value == right.Value
        || (right.Places > 0 && left.Value.IsWrittenAs(right.Value, right.Places))
        || (left.Places > 0 && right.Value.IsWrittenAs(left.Value, left.Places));

    /// <summary>Without brackets before the first side that close after the last, or in the text: "(5 + 3 = 8)".</summary>
    private static Range WithoutOpening(ReadOnlySpan<Token> chain, Range range)
    {
        (int start, int length) = range.GetOffsetAndLength(chain.Length);
        int open = Balance(chain.Slice(start, length));
        for (; open > 0 && length > 0 && chain[start].Kind == TokenKind.Open; open--, length--) start++;
        return start..(start + length);
    }

    /// <summary>Without brackets after the last side that opened before the first, or that open for a remark: "= 8)", "= 8 (eggs)".</summary>
    private static Range WithoutClosing(ReadOnlySpan<Token> chain, Range range)
    {
        (int start, int length) = range.GetOffsetAndLength(chain.Length);
        int open = Balance(chain.Slice(start, length));
        for (; open < 0 && length > 0 && chain[start + length - 1].Kind == TokenKind.Close; open++) length--;
        for (; open > 0 && length > 0 && chain[start + length - 1] is { Kind: TokenKind.Open, Spaced: true }; open--) length--;
        return start..(start + length);
    }

    private static int Balance(ReadOnlySpan<Token> tokens)
    {
        int open = 0;
        foreach (Token token in tokens) open += token.Kind == TokenKind.Open ? 1 : token.Kind == TokenKind.Close ? -1 : 0;
        return open;
    }

    // A line that begins with an equals sign goes on from the one before.
    [GeneratedRegex(@"\s*(?:\\\\)?\s*\n[ \t$&]*(?==)")]
    private static partial Regex Continuation();

    // LaTeX's ways to group digits: 1,\!000 and 1{,}000.
    [GeneratedRegex(@"(?<=[0-9])(?:,\\[!,]|\{,\}|\\,)(?=[0-9]{3}(?![0-9]))")]
    private static partial Regex Grouping();

    // Congruences, remainders, roundings and other bases: their equals sign is not the one of rational numbers.
    [GeneratedRegex(
        @"\\[pb]?mod|\bmod(?:ulo)?\b|\\equiv|≡|\bremainder\b|\\text\{\s*R\s*\}|\bround|\bbase[ -]\$?[0-9]|\bbinary\b|\bhexadecimal\b",
        RegexOptions.IgnoreCase)]
    private static partial Regex OtherArithmetic();

    [GeneratedRegex(@"^\s*(?:[-*•+–]|[0-9]+\))\s+")]
    private static partial Regex ListMark();

    [GeneratedRegex(@"^\s*[-–]\s")]
    private static partial Regex DashMark();
}
