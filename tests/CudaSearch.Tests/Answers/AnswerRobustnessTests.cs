using System.Diagnostics;
using CsCheck;
using CudaSearch.Answers;

namespace CudaSearch.Tests.Answers;

public sealed class AnswerRobustnessTests
{
    private static readonly string[] s_pieces =
    [
        @"\boxed{", "boxed", "{", "}", "$", @"\text{", @"\frac", @"\sqrt", "/", "=", ".", "0", "7", "-", " ", "\n", "m",
        "one", "hundred", "point", "答案是", "he answer is", "\ud800", "\udc00",
    ];

    private static readonly Gen<string> s_latex = Gen.OneOf([.. s_pieces.Select(Gen.Const)]).Array[0, 30].Select(string.Concat);

    [Fact]
    public void Any_text_has_an_answer_and_a_canonical_form() => Gen.OneOf(Gen.String, s_latex).Sample(text =>
    {
        AnswerExtractor.Extract(text);
        Assert.True(AnswerEquivalence.AreEqual(text, text));
    }, iter: 20_000);

    [Fact]
    public void Equality_is_symmetric() => Gen.Select(s_latex, s_latex).Sample((a, b) =>
        AnswerEquivalence.AreEqual(a, b) == AnswerEquivalence.AreEqual(b, a), iter: 5_000);

    /// <summary>Texts that make backtracking or rescanning implementations quadratic or worse; 200,000 characters each.</summary>
    [Theory]
    [InlineData(@"\text{")]
    [InlineData(@"\mbox{")]
    [InlineData(@"\begin{array}{")]
    [InlineData(@"\boxed{")]
    [InlineData("9")]
    [InlineData("-")]
    [InlineData("1.0")]
    [InlineData("a ")]
    [InlineData("one ")]
    [InlineData(@"\frac")]
    [InlineData(@"\sqrt2")]
    [InlineData("{")]
    public void Long_repetitions_take_linear_time(string piece)
    {
        string text = "The answer is " + string.Concat(Enumerable.Repeat(piece, 200_000 / piece.Length));
        Stopwatch watch = Stopwatch.StartNew();
        AnswerEquivalence.AreEqual(text, AnswerExtractor.Extract(text));
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(5), $"took {watch.Elapsed}"); // linear: well under one second
    }
}
