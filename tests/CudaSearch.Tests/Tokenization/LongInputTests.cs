using System.Diagnostics;
using CudaSearch.Tokenization;

namespace CudaSearch.Tests.Tokenization;

/// <summary>100,000 equal characters are one word, or one run of blanks to back out of; quadratic time would show as minutes.</summary>
public sealed class LongInputTests
{
    private const int Length = 100_000;
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(20);

    public static TheoryData<string> Units => ["a", " ", "\n", "1", "'", "é", "😀", "𝐱", "\u0301", "<", " \n", "a ", "'s", "▁"];

    [Theory]
    [MemberData(nameof(Units))]
    public void LongRunsTakeNoTime(string unit)
    {
        string text = string.Concat(Enumerable.Repeat(unit, Length / unit.Length)) + "x";
        Tokenizer composing = SyntheticTokenizer.ByteLevel().With("normalizer", System.Text.Json.Nodes.JsonNode.Parse("{\"type\":\"NFC\"}")).Load();
        Stopwatch watch = Stopwatch.StartNew();
        Assert.Equal(text, composing.Decode(composing.EncodeWithSpecialTokens(text)));
        Tokenizer pieces = SyntheticTokenizer.SentencePiece().Load();
        Assert.Equal(text.Replace('▁', ' ').TrimStart(), pieces.Decode(pieces.EncodeWithSpecialTokens(text)).TrimStart());
        Assert.True(watch.Elapsed < s_limit, $"{watch.Elapsed.TotalSeconds:F1} s");
    }
}
