using CudaSearch.Verification.Arithmetic;

namespace CudaSearch.Tests.Verification.Arithmetic;

/// <summary>What is found in a text, and what is rightly passed over.</summary>
public sealed class ArithmeticCheckerTests
{
    [Theory]
    [InlineData("## Step 1: Multiply\n41*2=82")]
    [InlineData("7 + 5 = 12")]
    [InlineData(@"\frac{6}{2} = 3")]
    [InlineData("17%5=2")]
    [InlineData("2+3*4=14")]
    [InlineData("(2+3)*4=20")]
    [InlineData("2^10 = 1024")]
    [InlineData("2^{10} = 2**10")]
    [InlineData("2^3^2 = 512")]
    [InlineData("-3 + 5 = 2")]
    [InlineData("5 - -3 = 8")]
    [InlineData("2^{-2} = 0.25")]
    [InlineData("-2^2 = -4")]
    [InlineData("10 - 3 - 2 = 5")]
    [InlineData("48/4/2 = 6")]
    [InlineData("1,234 + 1 = 1,235")]
    [InlineData(".5 * 4 = 2.0")]
    [InlineData("3 x 4 = 12")]
    [InlineData("3x4=12")]
    [InlineData("3 × 4 ÷ 2 = 6")]
    [InlineData("2(3+4) = 14")]
    [InlineData(@"\sqrt{16} + \sqrt{\frac{9}{4}} = 5.5")]
    [InlineData(@"\left(\dfrac{1}{2}\right)^{2} = \boxed{\tfrac14}", 0)]
    [InlineData(@"\left(\dfrac{1}{2}\right)^{2} = \boxed{\frac{1}{4}}")]
    [InlineData(@"$5 \cdot 3 = 15$ and \(6 \times 2 = 12\).", 2)]
    [InlineData("She pays $5 + $3 = $8 (for both).")]
    [InlineData("(which is 5 + 3 = 8)")]
    [InlineData("So 4 + 4 = 8, 8 / 2 = 4; 4 - 1 = 3: all fine. And 1 + 1 = 2!", 3)]
    [InlineData("2 * 3 = 6 = 12 / 2", 2)]
    [InlineData("2 * 3\n  = 6\n  = 12 / 2", 2)]
    [InlineData("2 * 3 \\\\\n &= 6")]
    [InlineData("20% * 50 = 10")]
    [InlineData("15/60 = 25%")]
    [InlineData("15/60*100 = 25%")]
    [InlineData(@"1\frac{1}{2} + 1 = 2.5")]
    [InlineData(@"2\frac{1}{2} = 1")]
    [InlineData("10/3 = 3.33")]
    [InlineData("2/3 = 0.66")]
    [InlineData("2/3 = 0.67")]
    [InlineData("1/3 = 33.3%")]
    [InlineData("- 5 + 3 = 8")]
    [InlineData("- 5 + 3 = -2")]
    [InlineData("* 5 + 3 = 8")]
    [InlineData("1. 5 + 3 = 8")]
    [InlineData("1) 5 + 3 = 8")]
    [InlineData("**Total: 5 + 3 = 8**")]
    [InlineData("sum: <<5*3=15>>15 eggs")]
    [InlineData(@"90^\circ - 30^{\circ} = 60°")]
    [InlineData("The result is -3 + 5 = 2.")]
    [InlineData("x = 2 + 3 = 5")]
    public void TrueEquationsHold(string text, int count = 1)
    {
        IReadOnlyList<ArithmeticEquation> equations = ArithmeticChecker.Check(text);
        Assert.Equal(count, equations.Count);
        Assert.All(equations, equation => Assert.True(equation.Holds, equation.Text));
    }

    [Theory]
    [InlineData("41*2=83", "41*2=83")]
    [InlineData("so 7 + 5 = 13 apples", "7 + 5 = 13")]
    [InlineData(@"then \frac{6}{4} = 1 holds", @"\frac{6}{4} = 1")]
    [InlineData("17%5=3", "17%5=3")]
    [InlineData("7/2=3", "7/2=3")]
    [InlineData("2.5*3 = 7.4", "2.5*3 = 7.4")]
    [InlineData("10/3 = 3.31", "10/3 = 3.31")]
    [InlineData("20% * 50 = 11", "20% * 50 = 11")]
    [InlineData("- 5 + 3 = 7", "5 + 3 = 7")]
    [InlineData("3 * 4 = 12 = 13", "12 = 13")]
    [InlineData("2 + 2 = 4 = 3 + 3", "4 = 3 + 3")]
    [InlineData("x = 2 + 3 = 6", "2 + 3 = 6")]
    [InlineData("2 + 3 = x = 6", "2 + 3 = x = 6")]
    [InlineData("$12 - $5 = $8", "12 - $5 = $8")]
    [InlineData("(5 + 3 = 9)", "5 + 3 = 9")]
    [InlineData("2^0.5 = 1 but 3*3 = 10", "3*3 = 10")]
    public void AFalseEquationIsNamed(string text, string expected) =>
        Assert.Equal([new ArithmeticEquation(expected, Holds: false)], ArithmeticChecker.Check(text).Where(equation => !equation.Holds));

    [Theory]
    [InlineData("x + 5 = 9")]
    [InlineData("2x = 10, so x = 5")]
    [InlineData("2 = 5")]
    [InlineData("two times 4 + 1 = 7")]
    [InlineData("half of 4 + 6 = 5")]
    [InlineData("12 apples - 3 = 2 * 4")]
    [InlineData("5 + 3 apples = 9")]
    [InlineData("gcd(12, 8) = 4 * 2")]
    [InlineData("max(10, 4 + 5) = 10")]
    [InlineData("f(3) = 2 + 2")]
    [InlineData("area(3 + 4) = 5")]
    [InlineData("sqrt(9 + 7) = 4")]
    [InlineData("log 10 * 10 = 2")]
    [InlineData(@"\sin(30 + 60) = 1")]
    [InlineData(@"\binom{5}{2} = 2 * 5 + 1")]
    [InlineData("17 + 8 = 1 (mod 12)")]
    [InlineData(@"17 + 8 \equiv 1 = 2 \pmod{12}")]
    [InlineData("17/5 = 3 with remainder 2")]
    [InlineData("17/5 = 3 R 2")]
    [InlineData("7/2 = 3 (rounded down)")]
    [InlineData(@"\lfloor 7/2 \rfloor = 3")]
    [InlineData("In base 7, 5 + 3 = 11")]
    [InlineData("101_2 + 11_2 = 1000_2")]
    [InlineData("1 + 2 + ... + 10 = 55 + 1")]
    [InlineData(@"1 + 2 + \cdots + 10 = 56")]
    [InlineData("5! = 5 * 3")]
    [InlineData("3 * 4 = 13!")]
    [InlineData("|3 - 5| = 2 + 1")]
    [InlineData("11:00 + 3 = 2")]
    [InlineData("5 + 3 = ?")]
    [InlineData("5 + 3 ≠ 9, 5 + 3 != 9, 5 + 3 < 9, 4 <= 3, 4 => 2")]
    [InlineData("5 / 0 = 1")]
    [InlineData("2 * 6 = 12ab")]
    [InlineData("2 * 6 = 3 π")]
    [InlineData("2 * 6 = 10 hundred")]
    [InlineData("6/2(1+2) = 1 + 1")]
    [InlineData("1 1/2 + 1 = 7")]
    [InlineData("9999999999^999999999 = 1 + 1")]
    [InlineData("a1 + 3 = 9")]
    [InlineData(@"\{1, 2 + 3 = 9\}")]
    [InlineData(@"\text{5 + 3 = 9}")]
    [InlineData("(2 + 3 = 9]]]")]
    [InlineData("= = =")]
    [InlineData("")]
    public void WhatIsNoPlainArithmeticIsPassedOver(string text) =>
        Assert.DoesNotContain(ArithmeticChecker.Check(text), equation => !equation.Holds);

    [Fact]
    public void AbsurdTextsEndSoon()
    {
        foreach (string part in (string[])["(", "-", "2^", "1+", "{[", @"\frac{", "9", "=", "1=1*", "%", "x", @"\sqrt{"])
        {
            string text = string.Concat(Enumerable.Repeat(part, 3000)) + "1 = 1 + 1";
            Assert.InRange(ArithmeticChecker.Check(text).Count, 0, 4000);
        }
    }
}
