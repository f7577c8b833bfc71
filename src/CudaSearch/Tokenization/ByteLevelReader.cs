namespace CudaSearch.Tokenization;

/// <summary>Llama-3's and Qwen2's kind: normalizer none or NFC, a split pattern, then bytes.</summary>
internal sealed class ByteLevelReader : ModelReader
{
    public override void CheckComponents(JsonAt root)
    {
        if (root["normalizer"].Type() is not (null or "NFC")) throw root["normalizer"]["type"].Refuse("NFC, or no normalizer");
        root["decoder"]["type"].MustBe("ByteLevel");
        root["model"]["unk_token"].MustBeAbsent();
        _ = ReadPattern(root["pre_tokenizer"]);
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
        return new ByteLevelModel(tokens, merges, new PreTokenizer(ReadPattern(root["pre_tokenizer"])), byteIds,
            composes: !root["normalizer"].IsNull, takesWholeWords: root["model"]["ignore_merges"].Flag());
    }

    private static string ReadPattern(JsonAt preTokenizer)
    {
        preTokenizer["type"].MustBe("Sequence");
        JsonAt[] parts = [.. preTokenizer["pretokenizers"].Items()];
        if (parts.Length != 2) throw preTokenizer["pretokenizers"].Refuse("a Split and a ByteLevel");

        parts[0]["type"].MustBe("Split");
        parts[0]["behavior"].MustBe("Isolated");
        parts[0]["invert"].MustBe(false);

        parts[1]["type"].MustBe("ByteLevel");
        parts[1]["add_prefix_space"].MustBe(false);
        parts[1]["use_regex"].MustBe(false);
        return parts[0]["pattern"]["Regex"].Text();
    }
}
