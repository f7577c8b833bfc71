using System.Text.Json;
using CudaSearch.Tokenization;

namespace CudaSearch.Tests.Tokenization;

/// <summary>Against ids that other implementations agree on, and against rendered chat templates.</summary>
public sealed class GoldenTests
{
    [Theory]
    [InlineData("llama3_2", "llama3_2")]
    [InlineData("llama3_1", "llama3_2")]
    [InlineData("qwen2_5", "qwen2_5")]
    public void EveryGoldenPairEncodesExactlyAndComesBack(string tokenizerName, string golden)
    {
        Tokenizer tokenizer = RealTokenizers.ByName(tokenizerName);
        int rows = 0;
        foreach ((string text, int[] ids) in RealTokenizers.Golden("tokenizers", $"{golden}.golden.jsonl"))
        {
            Assert.True(ids.SequenceEqual(tokenizer.Encode(text)), $"\"{text}\": expected {string.Join(' ', ids)}, got {string.Join(' ', tokenizer.Encode(text))}");
            Assert.Equal(ids, tokenizer.EncodeWithSpecialTokens(text));
            Assert.Equal(tokenizerName == "qwen2_5" ? Nfc.Compose(text) : text, tokenizer.Decode(ids));
            rows++;
        }
        Assert.Equal(513, rows);
    }

    [Fact]
    public void EverySentencePieceGoldenPairEncodesExactlyAndComesBack()
    {
        Tokenizer tokenizer = Tokenizer.Load(SharedData.PathOf("models", "stories260K-f32", "tokenizer.json"));
        Assert.Equal([1], tokenizer.PrefixIds);
        int rows = 0;
        foreach ((string text, int[] ids) in RealTokenizers.Golden("models", "stories260K-f32", "tokenizer.golden.jsonl"))
        {
            Assert.Equal(ids, tokenizer.PrefixIds.Concat(tokenizer.Encode(text)));
            Assert.Equal(ids, tokenizer.EncodeWithSpecialTokens("<s>" + text));
            Assert.Equal(text, tokenizer.Decode(ids));
            rows++;
        }
        Assert.Equal(513, rows);
    }

    /// <summary>The rows are rendered by the models' own templates, so Llama's contents are trimmed: the verifier's mode.</summary>
    [Theory]
    [InlineData("llama3_2")]
    [InlineData("llama3_1")]
    [InlineData("qwen2_5")]
    public void RenderedChatsAreExact(string name)
    {
        Tokenizer tokenizer = RealTokenizers.ByName(name);
        int rows = 0;
        foreach (string line in File.ReadLines(SharedData.PathOf("tokenizers", name == "llama3_1" ? "llama3_2.chat.jsonl" : $"{name}.chat.jsonl")))
        {
            using JsonDocument row = JsonDocument.Parse(line);
            int[] ids = RealTokenizers.Ids(row.RootElement);
            ChatMessage[] messages = [.. row.RootElement.GetProperty("messages").EnumerateArray()
                .Select(message => new ChatMessage(message.GetProperty("role").GetString()!, message.GetProperty("content").GetString()!))];
            Assert.Equal(ids, ChatTemplate.ForVerifier(tokenizer).Render(messages, ChatEnding.GenerationPrompt));
            Assert.Equal(ids, ChatTemplate.For(tokenizer).Render(messages, ChatEnding.GenerationPrompt));
            Assert.Equal(ids, tokenizer.EncodeWithSpecialTokens(row.RootElement.GetProperty("text").GetString()!));
            rows++;
        }
        Assert.Equal(3, rows);
    }
}
