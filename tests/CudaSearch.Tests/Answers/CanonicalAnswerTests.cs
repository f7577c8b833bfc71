using System.Numerics;
using CsCheck;
using CudaSearch.Answers;

namespace CudaSearch.Tests.Answers;

public sealed class CanonicalAnswerTests
{
    [Theory]
    [InlineData("0.50", @"\frac{1}{2}")]
    [InlineData("+.5", @"\frac{1}{2}")]
    [InlineData(@"\frac{2}{4}", @"\frac{1}{2}")]
    [InlineData("1/2", @"\frac{1}{2}")]
    [InlineData(@"-\frac{2}{4}", @"-\frac{1}{2}")]
    [InlineData(@"\frac{2}{-4}", @"-\frac{1}{2}")]
    [InlineData("-0", "0")]
    [InlineData("007", "7")]
    [InlineData("+7", "7")]
    [InlineData("7.00", "7")]
    [InlineData("10,080", "10080")]
    [InlineData(@"\frac{6}{3}", "2")]
    [InlineData(@"\frac{1}{0}", @"\frac{1}{0}")]
    [InlineData("1,23", "1,23")]
    [InlineData(@"1\frac{1}{2}", @"1\frac{1}{2}")]
    [InlineData("x+1", "x+1")]
    [InlineData("(1,2)", "(1,2)")]
    [InlineData("", "")]
    public void Numbers_take_one_form_and_other_texts_stay(string answer, string canonical) => Assert.Equal(canonical, CanonicalAnswer.Of(answer));

    /// <summary>A second round of normalising can find what the first laid bare.</summary>
    [Theory]
    [InlineData(@"5+\text{m}")]
    [InlineData(@"\text{five}")]
    [InlineData(@"864 \mbox{ inches}^2")]
    public void An_answer_and_its_normalised_text_have_one_form(string answer) =>
        Assert.Equal(CanonicalAnswer.Of(AnswerNormalizer.StripString(answer)), CanonicalAnswer.Of(answer));

    [Fact]
    public void A_number_and_its_canonical_form_have_the_same_value() => Gen.Select(Gen.Int[-500, 500], Gen.Int[1, 500]).Sample((n, d) =>
    {
        string canonical = CanonicalAnswer.Of($@"\frac{{{n}}}{{{d}}}");
        BigInteger divisor = BigInteger.GreatestCommonDivisor(n, d);
        string expected = n % d == 0 ? $"{n / d}" : $@"{(n < 0 ? "-" : "")}\frac{{{Math.Abs(n) / divisor}}}{{{d / divisor}}}";
        Assert.Equal(expected, canonical);
        Assert.Equal(canonical, CanonicalAnswer.Of(canonical));
    });

    [Theory]
    [InlineData("0.3333333333", @"\frac{1}{3}", true)]
    [InlineData("0.33333333", @"\frac{1}{3}", true)]
    [InlineData("0.333", @"\frac{1}{3}", false)] // fewer than four digits round nothing
    [InlineData("0.3334", @"\frac{1}{3}", false)]
    [InlineData("1000000000", "1000000001", false)]
    [InlineData("100000000", "100000001", false)]
    [InlineData("0", "0.0000000001", false)]
    [InlineData("5", "-5", false)]
    [InlineData("twenty-five", "25", true)]
    [InlineData("x = 3", "3", true)]
    [InlineData("", "3", false)]
    public void Equality(string gold, string predicted, bool equal) => Assert.Equal(equal, AnswerEquivalence.AreEqual(gold, predicted));
}
