using System.Buffers;
using System.Globalization;
using System.Text.RegularExpressions;

namespace CudaSearch.Tokenization;

/// <summary>
/// Cuts text into the words within which merges happen, by the split pattern of tokenizer.json; what the pattern leaves out between two
/// matches is a word too ("Isolated").
/// </summary>
/// <remarks>
/// The patterns are written for engines that see code points; .NET's sees UTF-16 units, to which a character beyond U+FFFF is two
/// units of no category: neither a letter nor one of three digits. Text with such characters is therefore matched
/// on a stand-in that has one unit a character: each is replaced by a rare one of its own category. (Microsoft.ML.Tokenizers'
/// RegexPreTokenizer matches the text as it is, and cuts such letters off the others.)
/// </remarks>
internal sealed class PreTokenizer
{
    // A pattern from a strange file may backtrack without end. The known ones need microseconds a match.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    // By category: a character that no pattern names and that has no case, to stand for those of its category beyond U+FFFF.
    private static readonly char[] s_standIns = MakeStandIns();

    private readonly Regex _pattern;

    public PreTokenizer(string pattern)
    {
        try
        {
            _pattern = new Regex(pattern, RegexOptions.Compiled | RegexOptions.CultureInvariant, s_patience);
        }
        catch (ArgumentException e)
        {
            throw CudaSearchException.BadInput($"the split pattern \"{pattern}\" is not a regular expression .NET understands: {e.Message}", e);
        }
    }

    /// <summary>Calls <paramref name="word"/> for every word of a well-formed text, in order; joined they are the text.</summary>
    public void Split<TState>(ReadOnlySpan<char> text, TState state, ReadOnlySpanAction<char, TState> word)
    {
        if (text.IndexOfAnyInRange('\uD800', '\uDBFF') < 0)
        {
            SplitBy(text, text, state, word);
            return;
        }
        char[] standIn = ArrayPool<char>.Shared.Rent(text.Length);
        int length = 0;
        for (int i = 0; i < text.Length; i++)
            standIn[length++] = char.IsHighSurrogate(text[i]) ? StandIn(char.ConvertToUtf32(text[i], text[++i])) : text[i];
        SplitBy(text, standIn.AsSpan(0, length), state, word);
        ArrayPool<char>.Shared.Return(standIn);
    }

    /// <summary>Matches on <paramref name="units"/> (one a character) and cuts <paramref name="text"/> (one or two a character) alike.</summary>
    private void SplitBy<TState>(ReadOnlySpan<char> text, ReadOnlySpan<char> units, TState state, ReadOnlySpanAction<char, TState> word)
    {
        int unit = 0, at = 0;
        try
        {
            foreach (ValueMatch match in _pattern.EnumerateMatches(units))
            {
                CutUpTo(match.Index, text);
                CutUpTo(match.Index + match.Length, text);
            }
            CutUpTo(units.Length, text);
        }
        catch (RegexMatchTimeoutException e)
        {
            throw CudaSearchException.BadInput($"the split pattern of tokenizer.json, \"{_pattern}\", takes forever on this text; use another tokenizer", e);
        }

        void CutUpTo(int endUnit, ReadOnlySpan<char> text)
        {
            int start = at;
            for (; unit < endUnit; unit++) at += char.IsHighSurrogate(text[at]) ? 2 : 1;
            if (at > start) word(text[start..at], state);
        }
    }

    private static char StandIn(int codePoint) => s_standIns[(int)CharUnicodeInfo.GetUnicodeCategory(codePoint)];

    private static char[] MakeStandIns()
    {
        char[] standIns = new char[30];
        ReadOnlySpan<char> candidates =
            "\u03D2\u0138\u01C5\u02B0\u01BB\u0300\u0903\u0488\u0660\u16EE\u00B2\u3000\u2028\u2029\u0080\u00AD\uE000\u203F\u2010\u0F3A\u0F3B\u00AB\u00BB\u00A1\u00AC\u00A2\u00A8\u00A6\u0378";
        foreach (char c in candidates) standIns[(int)char.GetUnicodeCategory(c)] = c;
        return standIns;
    }
}
