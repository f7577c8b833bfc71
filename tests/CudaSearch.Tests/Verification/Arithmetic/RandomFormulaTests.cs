using System.Numerics;
using CsCheck;
using CudaSearch.Verification.Arithmetic;

namespace CudaSearch.Tests.Verification.Arithmetic;

/// <summary>Random formulas, whose value is known from how they were made: the right value holds, any other does not.</summary>
public sealed class RandomFormulaTests
{
    private static readonly Gen<Term> s_term = Gen.Recursive<Term>((depth, inner) => depth >= 4
        ? Gen.Int[0, 40].Select(Number)
        : Gen.OneOf(
            Gen.Int[0, 40].Select(Number),
            Gen.Select(inner, inner, OneOf(" + ", "+"), (a, b, sign) => new Term($"{a.Text}{sign}{b.Text}", a.Value + b.Value, 0)),
            Gen.Select(inner, inner, OneOf(" - ", "-"), (a, b, sign) => new Term($"{a.Text}{sign}{b.Within(1)}", a.Value - b.Value, 0)),
            Gen.Select(inner, inner, OneOf("*", " * ", @" \times ", @" \cdot ", " × "), (a, b, sign) => new Term($"{a.Within(1)}{sign}{b.Within(1)}", a.Value * b.Value, 1)),
            Gen.Select(inner, Gen.Int[0, 3], Gen.Bool, (a, power, braces) => new Term(braces ? $"{a.Within(3)}^{{{power}}}" : $"{a.Within(3)}^{power}", BigInteger.Pow(a.Value, power), 2)),
            // A fraction that comes out even.
            Gen.Select(inner, Gen.Int[1, 9], (a, by) => new Term($@"\frac{{{by} \cdot {a.Within(1)}}}{{{by}}}", a.Value, 3))));

    [Fact]
    public void OnlyTheRightValueHolds() => Gen.Select(s_term, Gen.Int[-3, 3]).Sample((term, off) =>
    {
        string text = $"so ${term.Text} = {term.Value + off}$ in all";
        IReadOnlyList<ArithmeticEquation> equations = ArithmeticChecker.Check(text);
        bool bare = BigInteger.TryParse(term.Text, out _);
        return bare ? equations.Count == 0 : equations is [var equation] && equation.Holds == (off == 0);
    });

    private static Gen<string> OneOf(params string[] signs) => Gen.Int[0, signs.Length - 1].Select(i => signs[i]);

    private static Term Number(int value) => new($"{value}", value, 4);

    /// <param name="Text">A formula.</param>
    /// <param name="Value">What it evaluates to.</param>
    /// <param name="Binding">0 for sums, 1 for products, 2 for powers, 3 for fractions, 4 for numbers.</param>
    private sealed record Term(string Text, BigInteger Value, int Binding)
    {
        /// <summary>In brackets unless it binds at least so.</summary>
        public string Within(int binding) => Binding >= binding && Binding != 3 ? Text : $"({Text})";
    }
}
