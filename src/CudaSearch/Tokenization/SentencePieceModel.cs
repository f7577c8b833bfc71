using System.Runtime.InteropServices;
using System.Text;

namespace CudaSearch.Tokenization;

/// <summary>SentencePiece-style BPE: the whole text is one word of characters; those without a token are their UTF-8 bytes.</summary>
/// <remarks>
/// Decoding bytes that are no UTF-8 gives U+FFFD for each maximal invalid run, as everywhere in this library; the reference decoder
/// gives one for every byte of the whole run of byte tokens, which a text shown as it grows cannot do.
/// </remarks>
internal sealed class SentencePieceModel : TextModel
{
    private readonly TokenTable _tokens;
    private readonly MergeTable _merges;
    private readonly int[] _byteIds;

    /// <param name="tokens">The vocabulary.</param>
    /// <param name="merges">Its merges.</param>
    /// <param name="byteIds">[256] the token of each byte.</param>
    public SentencePieceModel(TokenTable tokens, MergeTable merges, int[] byteIds)
    {
        _tokens = tokens;
        _merges = merges;
        _byteIds = byteIds;
    }

    public override int StrippedSpaces => 1;

    public override string Normalize(string text) => text.Length == 0 ? text : "▁" + text.Replace(' ', '▁');

    public override void Encode(string normalized, List<int> ids)
    {
        int start = ids.Count;
        Span<byte> utf8 = stackalloc byte[4];
        ReadOnlySpan<char> rest = normalized;
        while (!rest.IsEmpty)
        {
            Rune.DecodeFromUtf16(rest, out Rune character, out int length);
            if (_tokens.TryFindWord(rest[..length], out int id)) ids.Add(id);
            else foreach (byte value in utf8[..character.EncodeToUtf8(utf8)]) ids.Add(_byteIds[value]);
            rest = rest[length..];
        }
        int kept = _merges.Merge(CollectionsMarshal.AsSpan(ids)[start..]);
        CollectionsMarshal.SetCount(ids, start + kept);
    }
}
