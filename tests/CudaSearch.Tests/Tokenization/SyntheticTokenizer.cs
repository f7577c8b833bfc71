using System.Text;
using System.Text.Json.Nodes;
using CudaSearch.Tokenization;

namespace CudaSearch.Tests.Tokenization;

/// <summary>Small tokenizer.json files made on the spot, so that most tests need no download.</summary>
internal static class SyntheticTokenizer
{
    public const string Llama3Pattern =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    /// <summary>Merges of a byte-level vocabulary; a space is Ġ, a newline Ċ.</summary>
    public static readonly string[] Merges =
    [
        "Ġ t", "h e", "Ġt he", "i n", "a a", "aa a", "aa aa", "o n", "Ġ Ġ", "ĠĠ ĠĠ", "Ċ Ċ", ". ĊĊ", "e r", "in g", "1 2", "12 3", "Ã ©", "ð Ł", "ðŁ ĺ", "Ġthe r",
    ];

    /// <summary>A byte-level file: 256 byte symbols (ids 0 to 255 in the order of the bytes), the merges' tokens, words, then special tokens.</summary>
    public static JsonObject ByteLevel(string[]? merges = null, string[]? words = null, bool ignoreMerges = false, bool pairs = false, string[]? special = null)
    {
        merges ??= Merges;
        JsonObject vocabulary = [];
        for (int value = 0; value < 256; value++) vocabulary[ByteSymbols.Of((byte)value).ToString()] = value;
        foreach (string token in merges.Select(merge => merge.Replace(" ", "")).Concat(words ?? []))
            if (!vocabulary.ContainsKey(token)) vocabulary[token] = vocabulary.Count;
        JsonArray added = [];
        foreach (string token in special ?? ["<|bos|>", "<|user|>", "<|assistant|>", "<|end|>"]) added.Add(Added(token, vocabulary.Count + added.Count));
        return new JsonObject
        {
            ["version"] = "1.0",
            ["truncation"] = null,
            ["padding"] = null,
            ["added_tokens"] = added,
            ["normalizer"] = null,
            ["pre_tokenizer"] = new JsonObject
            {
                ["type"] = "Sequence",
                ["pretokenizers"] = new JsonArray(
                    new JsonObject { ["type"] = "Split", ["pattern"] = new JsonObject { ["Regex"] = Llama3Pattern }, ["behavior"] = "Isolated", ["invert"] = false },
                    new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = true, ["use_regex"] = false }),
            },
            ["post_processor"] = null,
            ["decoder"] = new JsonObject { ["type"] = "ByteLevel" },
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["dropout"] = null,
                ["unk_token"] = null,
                ["byte_fallback"] = false,
                ["ignore_merges"] = ignoreMerges,
                ["vocab"] = vocabulary,
                ["merges"] = new JsonArray([.. merges.Select(merge =>
                    pairs ? new JsonArray([.. merge.Split(' ').Select(token => (JsonNode)token)]) : (JsonNode)merge)]),
            },
        };
    }

    public static JsonObject Added(string content, int id, bool special = true) => new()
    {
        ["id"] = id,
        ["content"] = content,
        ["single_word"] = false,
        ["lstrip"] = false,
        ["rstrip"] = false,
        ["normalized"] = false,
        ["special"] = special,
    };

    /// <summary>A SentencePiece-style file: three special tokens, 256 bytes, some characters, some merges.</summary>
    public static JsonObject SentencePiece(string characters = "▁abcdefgh .é", string[]? merges = null)
    {
        JsonObject vocabulary = new() { ["<unk>"] = 0, ["<s>"] = 1, ["</s>"] = 2 };
        for (int value = 0; value < 256; value++) vocabulary[$"<0x{value:X2}>"] = 3 + value;
        foreach (char c in characters) vocabulary[c.ToString()] = vocabulary.Count;
        merges ??= ["▁ a", "a b", "▁ b", "▁a b", "c d", "▁ ▁"];
        foreach (string merge in merges) vocabulary[merge.Replace(" ", "")] = vocabulary.Count;
        JsonObject Replace(string pattern, string content) =>
            new() { ["type"] = "Replace", ["pattern"] = new JsonObject { ["String"] = pattern }, ["content"] = content };
        return new JsonObject
        {
            ["added_tokens"] = new JsonArray(Added("<unk>", 0), Added("<s>", 1), Added("</s>", 2)),
            ["normalizer"] = new JsonObject { ["type"] = "Sequence", ["normalizers"] = new JsonArray(new JsonObject { ["type"] = "Prepend", ["prepend"] = "▁" }, Replace(" ", "▁")) },
            ["pre_tokenizer"] = null,
            ["decoder"] = new JsonObject
            {
                ["type"] = "Sequence",
                ["decoders"] = new JsonArray(Replace("▁", " "), new JsonObject { ["type"] = "ByteFallback" }, new JsonObject { ["type"] = "Fuse" },
                    new JsonObject { ["type"] = "Strip", ["content"] = " ", ["start"] = 1, ["stop"] = 0 }),
            },
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["unk_token"] = "<unk>",
                ["fuse_unk"] = true,
                ["byte_fallback"] = true,
                ["vocab"] = vocabulary,
                ["merges"] = new JsonArray([.. merges.Select(merge => (JsonNode)merge)]),
            },
        };
    }

    public static Tokenizer Load(this JsonObject file) => Load(Encoding.UTF8.GetBytes(file.ToJsonString()));

    public static Tokenizer Load(byte[] file)
    {
        using MemoryStream stream = new(file);
        return TokenizerFile.Read(stream, "tokenizer.json");
    }

    /// <summary>The value at a path such as <c>model.vocab</c> or <c>added_tokens.0.id</c>, to be changed.</summary>
    public static JsonObject With(this JsonObject file, string path, JsonNode? value)
    {
        string[] keys = path.Split('.');
        JsonNode at = file;
        foreach (string key in keys[..^1]) at = at is JsonArray list ? list[int.Parse(key)]! : at[key]!;
        if (at is JsonArray array) array[int.Parse(keys[^1])] = value;
        else at[keys[^1]] = value;
        return file;
    }
}
