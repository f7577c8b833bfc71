using CsCheck;
using CudaSearch.Answers;

namespace CudaSearch.Tests.Answers.Algebra;

/// <summary>Verdicts that a mathematician would give.</summary>
public sealed class EquivalenceTests
{
    private static readonly string[] s_atoms = ["x", "y", "2", "3", "7", @"\frac{1}{2}", @"\sqrt{2}", @"\pi", "i"];

    /// <summary>Scalars as (one spelling, another spelling of the same): terms and factors in the other order, quotients as negative powers.</summary>
    private static readonly Gen<(string A, string B)> s_twins = Gen.Recursive<(string A, string B)>((depth, smaller) => depth > 3
        ? Gen.Int[0, s_atoms.Length - 1].Select(i => s_atoms[i]).Select(atom => (atom, atom))
        : Gen.Frequency(
            (2, Gen.Int[0, s_atoms.Length - 1].Select(i => s_atoms[i]).Select(atom => (atom, atom))),
            (2, Gen.Select(smaller, smaller, (p, q) => ($"({p.A}+{q.A})", $"({q.B}+{p.B})"))),
            (2, Gen.Select(smaller, smaller, (p, q) => ($"({p.A}-{q.A})", $"(-{q.B}+{p.B})"))),
            (2, Gen.Select(smaller, smaller, (p, q) => ($"({p.A})({q.A})", $@"{q.B}\cdot {p.B}"))),
            (1, smaller.Select(p => ($"({p.A})^2", $"({p.B})({p.B})"))),
            (1, smaller.Select(p => ($@"\frac{{{p.A}}}{{5}}", $"0.2({p.B})")))));

    public static TheoryData<string, string, bool> Cases()
    {
        var cases = new TheoryData<string, string, bool>();
        foreach (string line in File.ReadLines(JsonLines.BesideTests(Path.Join("Algebra", "equivalence-cases.tsv"))))
            if (line.Split('\t') is [var equal, var gold, var predicted]) cases.Add(gold, predicted, equal == "1");
        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void IsAsListed(string gold, string predicted, bool equal)
    {
        Assert.Equal(equal, AnswerEquivalence.AreEqual(gold, predicted));
        Assert.Equal(equal, AnswerEquivalence.AreEqual(predicted, gold));
        Assert.Equal(equal, AnswerEquivalence.AreEqual($@"Therefore, the answer is $\boxed{{{gold}}}$.", $"${predicted}$"));
    }

    [Fact]
    public void Other_spellings_are_equal() => s_twins.Sample((a, b) => Assert.True(AnswerEquivalence.AreEqual(a, b), $"{a} and {b}"), iter: 3_000);

    [Fact]
    public void Anything_and_one_more_are_different() =>
        s_twins.Sample((a, b) => Assert.False(AnswerEquivalence.AreEqual(a, $"{b}+1"), $"{a} and {b}+1"), iter: 3_000);

    [Theory]
    [InlineData("x^2-1", "(x-1)(x+1)", Agreement.Exact)]
    [InlineData(@"\sqrt{3+2\sqrt{2}}", @"1+\sqrt{2}", Agreement.Numeric)]
    [InlineData(@"\frac{2}{7}", "0.285714", Agreement.Rounded)]
    [InlineData(@"\text{Two lines}", "two lines", Agreement.Words)]
    [InlineData(@"15\mbox{ cm}^2", "15^2", Agreement.Normalised)]
    [InlineData("5", "$5$", Agreement.Identical)]
    [InlineData("5", "6", Agreement.Different)]
    public void The_way_is_told(string gold, string predicted, Agreement how) => Assert.Equal(how, AnswerEquivalence.Compare(gold, predicted));

    /// <summary>Numbers that doubles cannot tell apart.</summary>
    [Theory]
    [InlineData("2^{300}", "2^{300}+1")]
    [InlineData("100000000000000000000", "100000000000000000001")]
    [InlineData(@"10^{20}+\sqrt{2}", @"10^{20}+\sqrt{3}")]
    [InlineData(@"\frac{1}{10^{30}}", "0")]
    public void Exact_arithmetic_keeps_close_numbers_apart(string a, string b) => Assert.False(AnswerEquivalence.AreEqual(a, b));

    [Fact]
    public void Options_widen_what_is_equal()
    {
        var twoPlaces = new EquivalenceOptions { Decimals = 2 };
        Assert.Equal(Agreement.Rounded, AnswerEquivalence.Compare(@"\frac{1}{3}", "0.33", twoPlaces));
        Assert.Equal(Agreement.Different, AnswerEquivalence.Compare(@"\frac{1}{3}", "0.34", twoPlaces));
        var renaming = new EquivalenceOptions { RenamesVariables = true };
        Assert.Equal(Agreement.Exact, AnswerEquivalence.Compare("y^2+z", "t+s^2", renaming with { RenamesVariables = false }) is Agreement.Different
            ? AnswerEquivalence.Compare("y^2+z", "s^2+t", renaming) : Agreement.Different);
    }
}
