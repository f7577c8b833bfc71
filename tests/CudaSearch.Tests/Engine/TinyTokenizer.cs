using System.Text.Json.Nodes;
using CudaSearch.Tests.Checkpoints;
using CudaSearch.Tokenization;

namespace CudaSearch.Tests.Engine;

/// <summary>A byte-level tokenizer.json: ids 0 to 255 are the bytes, then the given pieces (which no merge makes), then special tokens.</summary>
internal static class TinyTokenizer
{
    public static JsonObject Json(IReadOnlyList<byte[]> pieces, params IReadOnlyList<string> special)
    {
        var vocabulary = new JsonObject();
        for (int value = 0; value < 256; value++) vocabulary[Spell([(byte)value])] = value;
        foreach (byte[] piece in pieces) vocabulary[Spell(piece)] = vocabulary.Count;
        int next = vocabulary.Count;
        return new JsonObject
        {
            ["added_tokens"] = new JsonArray([.. special.Select((name, i) => (JsonNode)new JsonObject
            {
                ["id"] = next + i, ["content"] = name, ["special"] = true, ["normalized"] = false, ["lstrip"] = false, ["rstrip"] = false, ["single_word"] = false,
            })]),
            ["pre_tokenizer"] = new JsonObject
            {
                ["type"] = "Sequence",
                ["pretokenizers"] = new JsonArray(
                    new JsonObject
                    {
                        ["type"] = "Split", ["pattern"] = new JsonObject { ["Regex"] = @"\n+|[^\n]+" }, ["behavior"] = "Isolated", ["invert"] = false,
                    },
                    new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["use_regex"] = false }),
            },
            ["decoder"] = new JsonObject { ["type"] = "ByteLevel" },
            ["model"] = new JsonObject { ["type"] = "BPE", ["vocab"] = vocabulary, ["merges"] = new JsonArray() },
        };
    }

    public static Tokenizer Load(IReadOnlyList<byte[]> pieces, params IReadOnlyList<string> special)
    {
        using var folder = new TempFolder();
        return Tokenizer.Load(folder.Write("tokenizer.json", Json(pieces, special).ToJsonString()));
    }

    public static string Spell(byte[] bytes) => string.Concat(bytes.Select(ByteSymbols.Of));
}
