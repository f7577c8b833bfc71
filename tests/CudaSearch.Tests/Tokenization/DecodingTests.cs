using System.Text;
using CsCheck;
using CudaSearch.Tokenization;

namespace CudaSearch.Tests.Tokenization;

/// <summary>From ids back to text, at once and token by token.</summary>
public sealed class DecodingTests
{
    public static TheoryData<string> Kinds => ["bytes", "sentencepiece"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void AnyTextComesBack(string kind)
    {
        Tokenizer tokenizer = Make(kind);
        // SentencePiece-style files spell a space as ▁ and cannot tell the two apart afterwards.
        UnicodeText.Any.Where(text => kind == "bytes" || !text.Contains('▁')).Sample(text => Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text))), iter: 2000);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void TokenByTokenGivesTheSameInWholeCharacters(string kind)
    {
        Tokenizer tokenizer = Make(kind);
        // Any ids at all: invalid UTF-8 and special tokens among them.
        Gen.Select(Gen.Int[0, tokenizer.VocabularySize - 1].Array[0, 40], Gen.Bool).Sample((ids, special) =>
        {
            StreamingDecoder decoder = new(tokenizer, special);
            StringBuilder text = new();
            foreach (int id in ids)
            {
                string part = decoder.Append(id);
                Assert.True(part.Length == 0 || (!char.IsLowSurrogate(part[0]) && !char.IsHighSurrogate(part[^1])), "half a character");
                text.Append(part);
            }
            text.Append(decoder.Flush());
            Assert.Equal(Expected(tokenizer, kind, ids, special), text.ToString());
            Assert.Equal(text.ToString(), tokenizer.Decode(ids, special));
        }, iter: 3000);
    }

    /// <summary>All bytes, decoded in one go.</summary>
    private static string Expected(Tokenizer tokenizer, string kind, int[] ids, bool special)
    {
        List<byte> bytes = [];
        foreach (int id in ids)
            if (special || !tokenizer.IsSpecial(id)) bytes.AddRange(tokenizer.TokenBytes(id));
        string text = Encoding.UTF8.GetString([.. bytes]);
        return kind == "sentencepiece" && text.StartsWith(' ') ? text[1..] : text;
    }

    [Fact]
    public void AnEmojiAppearsWithItsLastByte()
    {
        Tokenizer tokenizer = SyntheticTokenizer.ByteLevel(merges: []).Load();
        StreamingDecoder decoder = new(tokenizer);
        Assert.Equal(["", "", "", "😀"], "😀"u8.ToArray().Select(value => decoder.Append(value)));
        Assert.Equal("", decoder.Flush());
        Assert.Equal("", decoder.Append(0xF0));
        Assert.Equal("\uFFFDa", decoder.Append('a'));
        Assert.Equal("", decoder.Append(0xE2));
        Assert.Equal("\uFFFD", decoder.Flush());
    }

    [Fact]
    public void AContinuationKeepsTheFirstSpace()
    {
        Tokenizer tokenizer = SyntheticTokenizer.SentencePiece().Load();
        int[] ids = tokenizer.Encode("ab");
        Assert.Equal("ab", new StreamingDecoder(tokenizer).Append(ids[0]));
        Assert.Equal(" ab", new StreamingDecoder(tokenizer, continuation: true).Append(ids[0]));
    }

    [Fact]
    public void SpecialTokensAreLeftOutUnlessKept()
    {
        Tokenizer tokenizer = SyntheticTokenizer.ByteLevel().Load();
        int[] ids = [tokenizer.TokenId("<|bos|>")!.Value, 'h', 'i', tokenizer.TokenId("<|end|>")!.Value];
        Assert.Equal("hi", tokenizer.Decode(ids));
        Assert.Equal("<|bos|>hi<|end|>", tokenizer.Decode(ids, keepSpecialTokens: true));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(int.MaxValue)]
    public void UnknownIdsAreNamed(int id)
    {
        Tokenizer tokenizer = SyntheticTokenizer.ByteLevel().Load();
        Assert.Contains($"{id}", Assert.Throws<CudaSearchException>(() => tokenizer.Decode([id])).Message);
        Assert.Throws<CudaSearchException>(() => tokenizer.TokenBytes(id).Length);
        Assert.Throws<CudaSearchException>(() => tokenizer.IsSpecial(id));
        Assert.Throws<CudaSearchException>(() => tokenizer.Piece(id));
        Assert.Throws<CudaSearchException>(() => new StreamingDecoder(tokenizer, keepSpecialTokens: true).Append(id));
    }

    [Fact]
    public void PiecesAreOneVisibleLine()
    {
        Tokenizer tokenizer = SyntheticTokenizer.ByteLevel().Load();
        Assert.Equal([" the", ".\\n\\n", "é", "<0xF0><0x9F><0x98>", "\\u0000", "<|end|>"],
            new[] { "Ġthe", ".ĊĊ", "Ã©", "ðŁĺ", "Ā", "<|end|>" }.Select(spelling => tokenizer.Piece(tokenizer.TokenId(spelling)!.Value)));
    }

    private static Tokenizer Make(string kind) => (kind == "bytes" ? SyntheticTokenizer.ByteLevel() : SyntheticTokenizer.SentencePiece()).Load();
}
