using System.Text;
using System.Text.Json;

namespace CudaSearch.Tokenization;

/// <summary>Reads <c>tokenizer.json</c> strictly: what this library does not do is refused by name, never passed over.</summary>
internal static class TokenizerFile
{
    private const long LargestFile = 1L << 29;
    private const int MostIds = 1 << 22;

    public static Tokenizer Read(string path)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            if (file.Length > LargestFile) throw CudaSearchException.BadInput($"{path} has {file.Length} bytes; a tokenizer.json has {LargestFile} at most");
            return Read(file, path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw CudaSearchException.BadInput($"{path} cannot be read: {e.Message}; name a tokenizer.json", e);
        }
    }

    /// <param name="file">The content.</param>
    /// <param name="name">What messages call it.</param>
    public static Tokenizer Read(Stream file, string name)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(file, new JsonDocumentOptions { AllowDuplicateProperties = false });
            return Read(new JsonAt(json.RootElement, name));
        }
        // The second: a string escape that is half a surrogate pair, found only when the string is asked for.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw CudaSearchException.BadInput($"{name} is not a tokenizer.json: {e.Message}; get the file again from its model", e);
        }
    }

    // truncation and padding are not read: they are settings of a call that some other program happened to save.
    private static Tokenizer Read(JsonAt root)
    {
        JsonAt model = root["model"];
        // Files before 2021 leave the type out.
        if (!model["type"].IsNull) model["type"].MustBe("BPE");
        model["dropout"].MustBeAbsent();
        model["continuing_subword_prefix"].MustBeAbsent();
        model["end_of_word_suffix"].MustBeAbsent();

        Dictionary<string, int> ids = ReadVocabulary(model["vocab"]);
        List<AddedToken> added = ReadAddedTokens(root["added_tokens"], ids);
        ModelReader reader = model["byte_fallback"].Flag() ? new SentencePieceReader() : new ByteLevelReader();
        reader.CheckComponents(root);

        byte[]?[] bytes = new byte[ids.Count == 0 ? 0 : ids.Values.Max() + 1][];
        foreach (AddedToken token in added) bytes[token.Id] = Encoding.UTF8.GetBytes(token.Content);
        foreach ((string spelling, int id) in ids)
            bytes[id] ??= reader.BytesOf(spelling) ?? throw model["vocab"].Wrong($"token \"{spelling}\" has a character that spells no byte");

        TokenTable tokens = new(ids, bytes, added);
        MergeTable merges = ReadMerges(model["merges"], ids, added);
        return new Tokenizer(tokens, reader.Make(root, tokens, merges), added, ReadPrefix(root["post_processor"], tokens));
    }

    private static Dictionary<string, int> ReadVocabulary(JsonAt vocabulary)
    {
        Dictionary<string, int> ids = new(1 << 17);
        HashSet<int> seen = new(1 << 17);
        foreach ((string spelling, JsonAt value) in vocabulary.Members())
        {
            int id = value.Id(MostIds);
            if (!seen.Add(id)) throw value.Wrong($"id {id} belongs to another token already");
            ids.Add(spelling, id);
        }
        return ids;
    }

    /// <summary>Reads the added tokens and enters them into <paramref name="ids"/>, where some of them may stand already.</summary>
    private static List<AddedToken> ReadAddedTokens(JsonAt list, Dictionary<string, int> ids)
    {
        List<AddedToken> added = [];
        if (list.IsNull) return added;
        HashSet<int> taken = [.. ids.Values];
        foreach (JsonAt entry in list.Items())
        {
            AddedToken token = new(entry["content"].Text(), entry["id"].Id(MostIds), entry["special"].Flag(), entry["normalized"].Flag(),
                entry["lstrip"].Flag(), entry["rstrip"].Flag(), entry["single_word"].Flag());
            if (token.Content.Length == 0) throw entry["content"].Refuse("at least one character");
            if (ids.TryGetValue(token.Content, out int known))
            {
                if (known != token.Id) throw entry["id"].Wrong($"\"{token.Content}\" has id {known} elsewhere in the file, {token.Id} here");
            }
            else
            {
                if (!taken.Add(token.Id)) throw entry["id"].Wrong($"id {token.Id} belongs to another token already");
                ids.Add(token.Content, token.Id);
            }
            added.Add(token);
        }
        return added;
    }

    private static MergeTable ReadMerges(JsonAt list, Dictionary<string, int> ids, List<AddedToken> added)
    {
        HashSet<int> special = [.. added.Where(token => token.Special).Select(token => token.Id)];
        MergeTable merges = new(1 << 17);
        int rank = 0;
        foreach (JsonAt entry in list.Items())
        {
            (string left, string right) = entry.IsText ? SplitPair(entry) : ReadPair(entry);
            int merged = Find(left + right);
            // Without this a file could make plain text into a control token.
            if (special.Contains(merged)) throw entry.Wrong($"a merge makes the special token \"{left + right}\"");
            merges.Add(Find(left), Find(right), rank++, merged);

            int Find(string token) => ids.TryGetValue(token, out int id) ? id : throw entry.Wrong($"the vocabulary has no \"{token}\"");
        }
        return merges;
    }

    /// <summary>The older spelling, <c>"a b"</c>: one space, as no token has one of its own.</summary>
    private static (string Left, string Right) SplitPair(JsonAt entry)
    {
        string[] pair = entry.Text().Split(' ');
        return pair.Length == 2 ? (pair[0], pair[1]) : throw entry.Refuse("two tokens with one space between");
    }

    private static (string Left, string Right) ReadPair(JsonAt entry)
    {
        JsonAt[] pair = [.. entry.Items()];
        return pair.Length == 2 ? (pair[0].Text(), pair[1].Text()) : throw entry.Refuse("a list of two tokens");
    }

    /// <summary>The special tokens that the post-processor puts before a single text.</summary>
    private static List<int> ReadPrefix(JsonAt processor, TokenTable tokens)
    {
        List<int> prefix = [];
        switch (processor.Type())
        {
            // ByteLevel here only trims offsets, which we do not report.
            case null or "ByteLevel":
                break;
            case "Sequence":
                foreach (JsonAt part in processor["processors"].Items()) prefix.AddRange(ReadPrefix(part, tokens));
                break;
            case "TemplateProcessing":
                bool textSeen = false;
                foreach (JsonAt part in processor["single"].Items())
                {
                    if (textSeen) throw part.Refuse("nothing after the text");
                    textSeen = part["SpecialToken"].IsNull;
                    if (textSeen) part["Sequence"]["id"].MustBe("A");
                    else prefix.Add(tokens.IdOf(part["SpecialToken"]["id"].Text()) ?? throw part.Wrong("the vocabulary has no such token"));
                }
                break;
            default:
                throw processor["type"].Refuse("ByteLevel, TemplateProcessing or a Sequence of them");
        }
        return prefix;
    }
}

/// <summary>What differs between the two kinds of file.</summary>
internal abstract class ModelReader
{
    /// <summary>Refuses a normalizer, pre-tokenizer or decoder that is not of this kind.</summary>
    public abstract void CheckComponents(JsonAt root);

    /// <summary>The bytes that a token of the vocabulary decodes to, or null if it is misspelled.</summary>
    public abstract byte[]? BytesOf(string spelling);

    public abstract TextModel Make(JsonAt root, TokenTable tokens, MergeTable merges);
}
