using System.Text;
using System.Text.Json.Nodes;
using CudaSearch.Tokenization;

namespace CudaSearch.Tests.Tokenization;

/// <summary>What is read, what is refused by name, and that damaged files raise nothing but our exception.</summary>
public sealed class TokenizerFileTests
{
    [Theory]
    [InlineData("model.type", "\"Unigram\"")]
    [InlineData("model.type", "\"WordPiece\"")]
    [InlineData("model.dropout", "0.1")]
    [InlineData("model.unk_token", "\"<unk>\"")]
    [InlineData("model.continuing_subword_prefix", "\"##\"")]
    [InlineData("model.end_of_word_suffix", "\"</w>\"")]
    [InlineData("model.ignore_merges", "1")]
    [InlineData("model.vocab", "[]")]
    [InlineData("model.vocab.a", "-1")]
    [InlineData("model.vocab.a", "98")]
    [InlineData("model.vocab.a", "4294967296")]
    [InlineData("model.vocab.a", "2000000000")]
    [InlineData("model.vocab.a", "\"97\"")]
    [InlineData("model.merges", "null")]
    [InlineData("model.merges.0", "\"a b c\"")]
    [InlineData("model.merges.0", "[\"a\"]")]
    [InlineData("model.merges.0", "\"q q\"")]
    [InlineData("normalizer", "{\"type\":\"NFKC\"}")]
    [InlineData("normalizer", "{}")]
    [InlineData("pre_tokenizer", "null")]
    [InlineData("pre_tokenizer.type", "\"Whitespace\"")]
    [InlineData("pre_tokenizer.pretokenizers.0.behavior", "\"Removed\"")]
    [InlineData("pre_tokenizer.pretokenizers.0.invert", "true")]
    [InlineData("pre_tokenizer.pretokenizers.0.pattern.Regex", "\"(\"")]
    [InlineData("pre_tokenizer.pretokenizers.1.add_prefix_space", "true")]
    [InlineData("pre_tokenizer.pretokenizers.1.use_regex", "true")]
    [InlineData("decoder.type", "\"WordPiece\"")]
    [InlineData("post_processor", "{\"type\":\"BertProcessing\"}")]
    [InlineData("added_tokens.0.content", "\"\"")]
    [InlineData("added_tokens.0.id", "97")]
    [InlineData("added_tokens.0.lstrip", "\"no\"")]
    public void WhatIsNotSupportedIsRefusedNamingTheKey(string path, string value)
    {
        CudaSearchException e = Assert.Throws<CudaSearchException>(() => SyntheticTokenizer.ByteLevel().With(path, JsonNode.Parse(value)).Load());
        Assert.Equal(Failure.BadInput, e.Failure);
        Assert.Contains("tokenizer.json", e.Message);
        string key = path.Split('.').Last(part => !char.IsDigit(part[0]) && part != "a");
        Assert.Contains(key, e.Message);
    }

    [Theory]
    [InlineData("normalizer", "null")]
    [InlineData("normalizer.normalizers.0.prepend", "\"_\"")]
    [InlineData("normalizer.normalizers.1.content", "\"_\"")]
    [InlineData("pre_tokenizer", "{\"type\":\"Metaspace\"}")]
    [InlineData("model.ignore_merges", "true")]
    [InlineData("decoder.decoders.3.start", "0")]
    [InlineData("decoder", "{\"type\":\"ByteLevel\"}")]
    public void TheSentencePieceKindIsCheckedToo(string path, string value)
    {
        CudaSearchException e = Assert.Throws<CudaSearchException>(() => SyntheticTokenizer.SentencePiece().With(path, JsonNode.Parse(value)).Load());
        Assert.Contains(path.Split('.')[0], e.Message);
    }

    [Fact]
    public void AMergeThatMakesASpecialTokenIsRefused()
    {
        JsonObject file = SyntheticTokenizer.ByteLevel(merges: ["a b"], special: []);
        file.With("added_tokens", new JsonArray(SyntheticTokenizer.Added("ab", 256)));
        Assert.Contains("\"ab\"", Assert.Throws<CudaSearchException>(() => file.Load()).Message);
    }

    [Fact]
    public void AVocabularyWithoutOneOfTheBytesIsRefused()
    {
        JsonObject file = SyntheticTokenizer.ByteLevel();
        file["model"]!["vocab"]!.AsObject().Remove("Ā");
        Assert.Contains("0x00", Assert.Throws<CudaSearchException>(() => file.Load()).Message);
    }

    [Fact]
    public void TheTemplateOfThePostProcessorGivesThePrefix()
    {
        JsonNode template = JsonNode.Parse("""
            {"type":"Sequence","processors":[{"type":"ByteLevel"},{"type":"TemplateProcessing","single":[
            {"SpecialToken":{"id":"<|bos|>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}]}]}
            """)!;
        Tokenizer tokenizer = SyntheticTokenizer.ByteLevel().With("post_processor", template).Load();
        Assert.Equal([tokenizer.TokenId("<|bos|>")!.Value], tokenizer.PrefixIds);
        Assert.Empty(SyntheticTokenizer.ByteLevel().Load().PrefixIds);
    }

    [Fact]
    public void AnAbsentFileAndAFolderAreNamed()
    {
        string absent = Path.Combine(Path.GetTempPath(), "no such folder", "tokenizer.json");
        Assert.Contains(absent, Assert.Throws<CudaSearchException>(() => Tokenizer.Load(absent)).Message);
        Assert.Contains(Path.GetTempPath(), Assert.Throws<CudaSearchException>(() => Tokenizer.Load(Path.GetTempPath())).Message);
        Assert.Throws<CudaSearchException>(() => Tokenizer.Load(""));
    }

    /// <summary>2,000 damaged files; CUDASEARCH_FUZZ sets another number. Those that still load must still encode and decode.</summary>
    [Fact]
    public void DamagedFilesRaiseOnlyOurException()
    {
        int count = int.TryParse(Environment.GetEnvironmentVariable("CUDASEARCH_FUZZ"), out int asked) ? asked : 2000;
        byte[][] files = [.. new[] { SyntheticTokenizer.ByteLevel(), SyntheticTokenizer.ByteLevel(pairs: true, ignoreMerges: true), SyntheticTokenizer.SentencePiece() }
            .Select(file => Encoding.UTF8.GetBytes(file.ToJsonString()))];
        int loaded = 0, refused = 0;
        for (int seed = 0; seed < count; seed++)
        {
            byte[] damaged = Damage(files[seed % files.Length], new Random(seed));
            try
            {
                Tokenizer tokenizer = SyntheticTokenizer.Load(damaged);
                // Compiling the split pattern costs more than all the rest: only now and then.
                if (loaded++ % 10 == 0) tokenizer.Decode(tokenizer.EncodeWithSpecialTokens("Hello the 123 <|bos|> 😀\n\n <s>"), keepSpecialTokens: true);
            }
            catch (CudaSearchException)
            {
                refused++;
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed}: {e}");
            }
        }
        Assert.True(loaded > count / 50 && refused > count / 4, $"{loaded} loaded, {refused} were refused: the damage is too heavy or too light");
    }

    private static byte[] Damage(byte[] file, Random random)
    {
        List<byte> bytes = [.. file];
        string[] snippets = ["null", "-1", "1e99", "\"\"", "[]", "{}", "\\ud800", "true", "99999999999", "\"type\":\"BPE\",", ",", "}", "\u0000", "\u00FF", " ", "\"Ġ\""];
        for (int times = random.Next(1, 4); times > 0; times--)
        {
            int at = random.Next(bytes.Count), length = Math.Min(random.Next(1, 12), bytes.Count - at);
            switch (random.Next(6))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes.RemoveRange(at, length);
                    break;
                case 2:
                    bytes.InsertRange(at, bytes.GetRange(random.Next(bytes.Count - length), length));
                    break;
                case 3:
                    bytes.InsertRange(at, Encoding.UTF8.GetBytes(snippets[random.Next(snippets.Length)]));
                    break;
                case 4:
                    // A digit for a digit: ids and ranks that clash rather than syntax that breaks.
                    int digit = bytes.FindIndex(at, value => char.IsAsciiDigit((char)value));
                    if (digit >= 0) bytes[digit] = (byte)random.Next('0', '9' + 1);
                    break;
                default:
                    if (random.Next(20) == 0) bytes.RemoveRange(at, bytes.Count - at);
                    break;
            }
            if (bytes.Count == 0) bytes.Add((byte)'{');
        }
        return [.. bytes];
    }
}
