using System.Buffers;
using System.Globalization;
using System.Text;

namespace CudaSearch.Tokenization;

/// <summary>One entry of <c>added_tokens</c>.</summary>
/// <param name="Content">The text it is recognised by.</param>
/// <param name="Id">Its id.</param>
/// <param name="Special">Whether decoding drops it by default.</param>
/// <param name="Normalized">Whether it is looked for in the normalized text, not in the original.</param>
/// <param name="LStrip">Whether it takes the white space before it along.</param>
/// <param name="RStrip">Whether it takes the white space after it along.</param>
/// <param name="SingleWord">Whether it counts only where no word character touches it.</param>
internal sealed record AddedToken(string Content, int Id, bool Special, bool Normalized, bool LStrip, bool RStrip, bool SingleWord);

/// <summary>Finds added tokens in trusted text: from the left, the longest first.</summary>
internal sealed class AddedTokens
{
    private readonly Dictionary<char, AddedToken[]> _byFirstCharacter;
    private readonly SearchValues<char> _firstCharacters;

    public AddedTokens(IEnumerable<AddedToken> tokens)
    {
        _byFirstCharacter = tokens.GroupBy(token => token.Content[0])
            .ToDictionary(group => group.Key, group => group.OrderByDescending(token => token.Content.Length).ToArray());
        _firstCharacters = SearchValues.Create([.. _byFirstCharacter.Keys]);
    }

    /// <summary>The text cut into pieces that are either an added token (with its id) or ordinary text (never empty).</summary>
    public IEnumerable<(string Piece, int? Token)> Split(string text)
    {
        int done = 0;
        for (int at = Next(text, 0); at < text.Length; at = Next(text, at))
        {
            if (Match(text, at) is not { } token)
            {
                at++;
                continue;
            }
            int end = at + token.Content.Length;
            if (token.SingleWord && (EndsInWord(text.AsSpan(0, at)) || StartsWithWord(text.AsSpan(end))))
            {
                at = end;
                continue;
            }
            int start = token.LStrip ? Math.Max(done, text.AsSpan(0, at).TrimEnd().Length) : at;
            if (token.RStrip) end = text.Length - text.AsSpan(end).TrimStart().Length;
            if (start > done) yield return (text[done..start], null);
            yield return (text[start..end], token.Id);
            done = at = end;
        }
        if (done < text.Length) yield return (done == 0 ? text : text[done..], null);
    }

    private int Next(string text, int from)
    {
        int offset = text.AsSpan(from).IndexOfAny(_firstCharacters);
        return offset < 0 ? text.Length : from + offset;
    }

    private AddedToken? Match(string text, int at)
    {
        foreach (AddedToken token in _byFirstCharacter[text[at]])
            if (text.AsSpan(at).StartsWith(token.Content, StringComparison.Ordinal)) return token;
        return null;
    }

    private static bool EndsInWord(ReadOnlySpan<char> text) =>
        Rune.DecodeLastFromUtf16(text, out Rune last, out _) == OperationStatus.Done && IsWord(last);

    private static bool StartsWithWord(ReadOnlySpan<char> text) =>
        Rune.DecodeFromUtf16(text, out Rune first, out _) == OperationStatus.Done && IsWord(first);

    // The word characters of regular expressions: letters, marks, decimal digits, connectors.
    private static bool IsWord(Rune rune) => Rune.IsLetter(rune) || Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark
        or UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.ConnectorPunctuation;
}
