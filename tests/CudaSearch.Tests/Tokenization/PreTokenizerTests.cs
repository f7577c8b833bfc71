using System.Globalization;
using System.Text;
using CsCheck;
using CudaSearch.Tokenization;

namespace CudaSearch.Tests.Tokenization;

/// <summary>Splitting as engines that see code points do.</summary>
public sealed class PreTokenizerTests
{
    private static readonly PreTokenizer s_llama3 = new(SyntheticTokenizer.Llama3Pattern);

    [Theory]
    [InlineData("Hello world's  end\n\n", "Hello| world|'s| | end|\n\n")]
    [InlineData("12345 a1", "123|45| a|1")]
    [InlineData("𝐱𝐲z 𝟏𝟐𝟑𝟒", "𝐱𝐲z| |𝟏𝟐𝟑|𝟒")]
    [InlineData("x😀😀y", "x|😀😀|y")]
    [InlineData("I'LL'ſabc", "I|'LL|'ſ|abc")]
    public void CutsWhereThePatternSays(string text, string words) => Assert.Equal(words.Split('|'), Split(s_llama3, text));

    [Fact]
    public void WhatThePatternLeavesOutIsAWordToo() => Assert.Equal(["..", "ab", "😀-", "c"], Split(new PreTokenizer("[a-z]+"), "..ab😀-c"));

    [Fact]
    public void WordsJoinedAreTheText() => UnicodeText.Any.Sample(text => Assert.Equal(text, string.Concat(Split(s_llama3, text))), iter: 2000);

    [Fact]
    public void EveryStandInHasTheCategoryOfWhatItStandsFor()
    {
        for (int codePoint = 0x10000; codePoint <= 0x10FFFF; codePoint++)
        {
            UnicodeCategory category = CharUnicodeInfo.GetUnicodeCategory(codePoint);
            Assert.Equal(category, char.GetUnicodeCategory(PreTokenizer.StandIn(codePoint)));
        }
    }

    /// <summary>An independent cut of the categories: runs of letters, of up to three numbers, of the rest.</summary>
    [Fact]
    public void LettersAndNumbersBeyondU10000AreLettersAndNumbers()
    {
        PreTokenizer splitter = new(@"\p{L}+|\p{N}{1,3}|[^\p{L}\p{N}]+");
        Gen.Int[0x10000, 0x1FFFF].Array[1, 12].Sample(codePoints =>
        {
            string text = string.Concat(codePoints.Select(char.ConvertFromUtf32));
            List<string> expected = [];
            char previous = '\0';
            int length = 0;
            foreach (Rune rune in text.EnumerateRunes())
            {
                char kind = Rune.IsLetter(rune) ? 'L' : Rune.IsNumber(rune) ? 'N' : 'O';
                bool joins = kind == previous && !(kind == 'N' && length == 3);
                length = joins ? length + 1 : 1;
                if (joins) expected[^1] += rune;
                else expected.Add(rune.ToString());
                previous = kind;
            }
            Assert.Equal(expected, Split(splitter, text));
        }, iter: 300);
    }

    private static List<string> Split(PreTokenizer splitter, string text)
    {
        List<string> words = [];
        splitter.Split(text, words, static (word, words) => words.Add(word.ToString()));
        return words;
    }
}
