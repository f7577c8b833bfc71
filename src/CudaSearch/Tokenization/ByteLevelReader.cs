namespace CudaSearch.Tokenization;

/// <summary>Llama-3's and Qwen2's kind: normalizer none or NFC, a split pattern, then bytes.</summary>
internal sealed class ByteLevelReader : ModelReader
{
    private const int LongestPattern = 4096;

    public override void CheckComponents(JsonAt root)
    {
        if (root["normalizer"].Type() is not (null or "NFC")) throw root["normalizer"]["type"].Refuse("NFC, or no normalizer");
        root["decoder"]["type"].MustBe("ByteLevel");
        root["model"]["unk_token"].MustBeAbsent();
        CheckPreTokenizer(root["pre_tokenizer"]);
    }

    public override byte[]? BytesOf(string spelling) => ByteSymbols.TryParse(spelling);

    public override TextModel Make(JsonAt root, TokenTable tokens, MergeTable merges)
    {
        int[] byteIds = new int[256];
        for (int value = 0; value < byteIds.Length; value++)
        {
            string symbol = ByteSymbols.Of((byte)value).ToString();
            byteIds[value] = tokens.TryFindWord(symbol, out int id)
                ? id
                : throw root["model"]["vocab"].Wrong($"the byte 0x{value:X2} (\"{symbol}\") has no ordinary token");
        }
        return new ByteLevelModel(tokens, merges, MakePreTokenizer(Split(root["pre_tokenizer"])["pattern"]["Regex"]), byteIds,
            composes: !root["normalizer"].IsNull, takesWholeWords: root["model"]["ignore_merges"].Flag());
    }

    private static void CheckPreTokenizer(JsonAt preTokenizer)
    {
        JsonAt split = Split(preTokenizer);
        split["type"].MustBe("Split");
        split["behavior"].MustBe("Isolated");
        split["invert"].MustBe(false);

        JsonAt byteLevel = preTokenizer["pretokenizers"].Items().ElementAt(1);
        byteLevel["type"].MustBe("ByteLevel");
        byteLevel["add_prefix_space"].MustBe(false);
        byteLevel["use_regex"].MustBe(false);
    }

    private static JsonAt Split(JsonAt preTokenizer)
    {
        preTokenizer["type"].MustBe("Sequence");
        JsonAt[] parts = [.. preTokenizer["pretokenizers"].Items()];
        return parts.Length == 2 ? parts[0] : throw preTokenizer["pretokenizers"].Refuse("a Split and a ByteLevel");
    }

    private static PreTokenizer MakePreTokenizer(JsonAt pattern)
    {
        string text = pattern.Text();
        if (text.Length > LongestPattern) throw pattern.Refuse($"at most {LongestPattern} characters");
        try
        {
            return new PreTokenizer(text);
        }
        catch (ArgumentException e)
        {
            throw pattern.Wrong($".NET does not understand this regular expression: {e.Message}");
        }
    }
}
