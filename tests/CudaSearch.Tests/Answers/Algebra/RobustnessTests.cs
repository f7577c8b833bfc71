using System.Diagnostics;
using CsCheck;
using CudaSearch.Answers;

namespace CudaSearch.Tests.Answers.Algebra;

/// <summary>Tests that take time by the clock, one after the other.</summary>
[CollectionDefinition(nameof(TimedTests), DisableParallelization = true)]
public sealed class TimedTests;

/// <summary>Whatever the texts: a verdict, the same both ways round, in bounded time.</summary>
[Collection(nameof(TimedTests))]
public sealed class RobustnessTests
{
    private static readonly string[] s_pieces =
    [
        @"\frac{", "}{", "}", "{", "(", ")", "[", "]", "1", "2", "x", "y", "^", "_", @"\sqrt", @"\sqrt{", "+", "-", "*", "/", ",", ";", " ", "=", "<", @"\le ", @"\pm", @"\cup",
        "|", "!", @"\pi", @"\sin", @"\text{a}", @"\infty", "%", @"^\circ", @"\begin{pmatrix}", "&", @"\\", @"\end{pmatrix}", "$", @"\boxed{", ":", "0.5", @"\{", @"\}", @"\log_",
        "e^{", "9", "99", @"\binom", "f(", @"\overline", @"\sum_{", @"\in", " or ", "\n", "is ", "²", "√", "\ud800",
    ];

    private static readonly Gen<string> s_latex = Gen.Int[0, s_pieces.Length - 1].Select(i => s_pieces[i]).Array[0, 40].Select(string.Concat);

    [Fact]
    public void Any_two_texts_have_one_verdict_both_ways() => Gen.Select(Gen.OneOf(Gen.String, s_latex), s_latex).Sample((a, b) =>
        AnswerEquivalence.AreEqual(a, b) == AnswerEquivalence.AreEqual(b, a) && AnswerEquivalence.AreEqual(a, a), iter: 20_000);

    [Fact]
    public void Adding_nothing_never_throws() => s_latex.Sample(text => { AnswerEquivalence.AreEqual(text, text + "+0"); }, iter: 10_000);

    /// <summary>
    /// Deep nesting, huge exponents, long lists and what makes rescanning quadratic. The best of several runs, since the machine may be busy;
    /// the bound is the promise.
    /// </summary>
    [Theory]
    [InlineData("(", 1900)]
    [InlineData("|x", 900)]
    [InlineData(@"\sqrt", 390)]
    [InlineData(@"\sqrt{2+", 240)]
    [InlineData("x_", 900)]
    [InlineData("x^{y^{", 300)]
    [InlineData("2^", 900)]
    [InlineData("9^{9", 400)]
    [InlineData("(x+y+z+w)^{4000}", 1)]
    [InlineData("(x+1)^{4096}", 100)]
    [InlineData("(1+x+y)^{9}", 150)]
    [InlineData("200!", 400)]
    [InlineData("1e999+", 300)]
    [InlineData("1,", 900)]
    [InlineData(@"\pm 1,", 280)]
    [InlineData("1;", 900)]
    [InlineData("1<", 900)]
    [InlineData("x=", 900)]
    [InlineData("1&", 900)]
    [InlineData(@"\sin(", 380)]
    [InlineData(@"\log_", 380)]
    [InlineData(@"\sum_{", 280)]
    [InlineData(@"\binom{200}{99}", 120)]
    [InlineData(@"\boxed{", 8000)]
    [InlineData(@"\[", 20_000)]
    [InlineData("$", 40_000)]
    [InlineData(@"\text{", 8000)]
    [InlineData("answer is ", 4000)]
    [InlineData("word is 3 ", 5000)]
    [InlineData("\n$", 20_000)]
    public void Contrived_texts_take_bounded_time(string piece, int times)
    {
        string text = string.Concat(Enumerable.Repeat(piece, times)) + "1";
        foreach (string other in new[] { "1", @"\{1,2\}", text + "+0" })
        {
            TimeSpan best = TimeSpan.MaxValue;
            for (int run = 0; run < 20 && best > TimeSpan.FromMilliseconds(50); run++)
            {
                long start = Stopwatch.GetTimestamp();
                AnswerEquivalence.AreEqual(text, other);
                TimeSpan taken = Stopwatch.GetElapsedTime(start);
                if (taken < best) best = taken;
            }
            Assert.True(best <= TimeSpan.FromMilliseconds(50), $"took {best}");
        }
    }
}
