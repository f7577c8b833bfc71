using System.Globalization;
using System.Text;

namespace CudaSearch.Tokenization;

/// <summary>Llama-2's and Mistral's kind: spaces are spelled ▁, one is put before the text, and characters without a token fall back to bytes.</summary>
internal sealed class SentencePieceReader : ModelReader
{
    private const string Space = "▁";

    public override void CheckComponents(JsonAt root)
    {
        JsonAt[] normalizers = Sequence(root["normalizer"], "normalizers", "a Prepend and a Replace", 2);
        normalizers[0]["type"].MustBe("Prepend");
        normalizers[0]["prepend"].MustBe(Space);
        CheckReplace(normalizers[1], " ", Space);

        if (!root["pre_tokenizer"].IsNull) throw root["pre_tokenizer"].Refuse("null with byte_fallback");
        // Whole texts are one word here; looking them up would be wrong. fuse_unk is without effect, since every byte must have a token.
        root["model"]["ignore_merges"].MustBe(false);

        JsonAt[] decoders = Sequence(root["decoder"], "decoders", "Replace, ByteFallback, Fuse and Strip", 4);
        CheckReplace(decoders[0], Space, " ");
        decoders[1]["type"].MustBe("ByteFallback");
        decoders[2]["type"].MustBe("Fuse");
        decoders[3]["type"].MustBe("Strip");
        decoders[3]["content"].MustBe(" ");
        if (decoders[3]["start"].Id(2) != 1) throw decoders[3]["start"].Refuse("1");
        if (decoders[3]["stop"].Id(2) != 0) throw decoders[3]["stop"].Refuse("0");
    }

    public override byte[]? BytesOf(string spelling) => IsByte(spelling, out byte value) ? [value] : Encoding.UTF8.GetBytes(spelling.Replace(Space, " "));

    public override TextModel Make(JsonAt root, TokenTable tokens, MergeTable merges)
    {
        int[] byteIds = new int[256];
        for (int value = 0; value < byteIds.Length; value++)
            byteIds[value] = tokens.TryFindWord($"<0x{value:X2}>", out int id)
                ? id
                : throw root["model"]["vocab"].Wrong($"byte_fallback needs a token <0x{value:X2}>");
        return new SentencePieceModel(tokens, merges, byteIds);
    }

    private static bool IsByte(string spelling, out byte value)
    {
        value = 0;
        return spelling.Length == 6 && spelling.StartsWith("<0x", StringComparison.Ordinal) && spelling[5] == '>'
            && byte.TryParse(spelling.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, null, out value);
    }

    private static JsonAt[] Sequence(JsonAt component, string key, string supported, int count)
    {
        if (component.Type() != "Sequence") throw component.Refuse($"a Sequence of {supported}");
        JsonAt[] parts = [.. component[key].Items()];
        return parts.Length == count ? parts : throw component[key].Refuse(supported);
    }

    private static void CheckReplace(JsonAt component, string pattern, string content)
    {
        component["type"].MustBe("Replace");
        component["pattern"]["String"].MustBe(pattern);
        component["content"].MustBe(content);
    }
}
