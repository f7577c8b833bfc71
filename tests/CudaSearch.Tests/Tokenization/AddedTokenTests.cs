using System.Text.Json.Nodes;
using CsCheck;
using CudaSearch.Tokenization;

namespace CudaSearch.Tests.Tokenization;

/// <summary>Added tokens: never in plain text, always in trusted text.</summary>
public sealed class AddedTokenTests
{
    [Fact]
    public void PlainTextNeverBecomesASpecialToken()
    {
        Tokenizer[] tokenizers = [SyntheticTokenizer.ByteLevel().Load(), SyntheticTokenizer.SentencePiece().Load()];
        Gen<string> dangerous = Gen.Select(UnicodeText.Any, Gen.OneOf<string>("<|bos|>", "<|end|>", "<s>", "</s>", "<unk>", "<0x0A>"), UnicodeText.Any, (a, b, c) => a + b + c);
        foreach (Tokenizer tokenizer in tokenizers)
        {
            dangerous.Sample(text =>
            {
                int[] ids = tokenizer.Encode(text);
                Assert.DoesNotContain(ids, tokenizer.IsSpecial);
                Assert.Equal(text.Replace('▁', ' '), tokenizer.Decode(ids).Replace('▁', ' '));
            }, iter: 500);
        }
    }

    [Fact]
    public void AWordOfTheVocabularyThatIsAnAddedTokenIsNotTakenFromPlainText()
    {
        // The word "stop" is one match of the split pattern, stands in the vocabulary, and is a special token.
        JsonObject file = SyntheticTokenizer.ByteLevel(words: ["stop"], ignoreMerges: true, special: []);
        int id = (int)file["model"]!["vocab"]!["stop"]!;
        Tokenizer tokenizer = file.With("added_tokens", new JsonArray(SyntheticTokenizer.Added("stop", id))).Load();
        Assert.Equal("stop".Select(letter => (int)letter), tokenizer.Encode("stop"));
        Assert.Equal([id], tokenizer.EncodeWithSpecialTokens("stop"));
    }

    [Fact]
    public void TrustedTextIsSplitAtTheLongestTokenFromTheLeft()
    {
        Tokenizer tokenizer = SyntheticTokenizer.ByteLevel(special: ["<a", "<a>", "a>b"]).Load();
        int first = tokenizer.VocabularySize - 3;
        // Not "a>b" behind "<": what begins further left wins.
        Assert.Equal(['x', first + 1, 'b', first, first + 1, 'b', first + 2], tokenizer.EncodeWithSpecialTokens("x<a>b<a<a>ba>b"));
    }

    [Theory]
    [InlineData("lstrip", "x \n<|t|> y", "x", " y")]
    [InlineData("rstrip", "x \n<|t|> y", "x \n", "y")]
    public void TokensThatStripTakeTheWhiteSpaceAlong(string flag, string text, string before, string after)
    {
        Tokenizer tokenizer = SyntheticTokenizer.ByteLevel(special: ["<|t|>"]).With($"added_tokens.0.{flag}", true).Load();
        Assert.Equal([.. tokenizer.Encode(before), tokenizer.VocabularySize - 1, .. tokenizer.Encode(after)], tokenizer.EncodeWithSpecialTokens(text));
    }

    [Theory]
    [InlineData("the cat", 1)]
    [InlineData("the cats", 0)]
    [InlineData("a_cat", 0)]
    [InlineData("𝐱cat", 0)]
    [InlineData("(cat)cat", 2)]
    [InlineData("cat cat", 2)]
    public void SingleWordsStandAlone(string text, int found)
    {
        Tokenizer tokenizer = SyntheticTokenizer.ByteLevel(special: ["cat"]).With("added_tokens.0.single_word", true).Load();
        Assert.Equal(found, tokenizer.EncodeWithSpecialTokens(text).Count(tokenizer.IsSpecial));
    }

    [Fact]
    public void NormalizedTokensAreFoundInNormalizedText()
    {
        // In form C, e + U+0301 is é.
        JsonObject file = SyntheticTokenizer.ByteLevel(special: ["<é>"]).With("normalizer", new JsonObject { ["type"] = "NFC" });
        Assert.DoesNotContain(file.Load().EncodeWithSpecialTokens("<e\u0301>"), file.Load().IsSpecial);
        Tokenizer tokenizer = file.With("added_tokens.0.normalized", true).Load();
        Assert.Equal([tokenizer.VocabularySize - 1], tokenizer.EncodeWithSpecialTokens("<e\u0301>"));
    }

    [Fact]
    public void TokensThatAreNotSpecialAreStillNotFoundInPlainTextAndStillDecoded()
    {
        Tokenizer tokenizer = SyntheticTokenizer.ByteLevel(special: ["<tool>"]).With("added_tokens.0.special", false).Load();
        int id = tokenizer.VocabularySize - 1;
        Assert.DoesNotContain(id, tokenizer.Encode("<tool>"));
        Assert.Equal([id], tokenizer.EncodeWithSpecialTokens("<tool>"));
        Assert.Equal("<tool>", tokenizer.Decode([id]));
    }
}
