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
    private const char LongS = '\u017F';

    // A pattern from a strange file may backtrack without end. The known ones need microseconds a match.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    private static readonly char[] s_standIns = MakeStandIns();

    private readonly Lazy<Regex> _pattern;

    // To the engines the patterns are written for, ſ is an s where case does not count; .NET does not fold it. ſ and s differ in nothing else
    // that patterns with (?i:'s) ask for.
    private readonly bool _foldsLongS;

    /// <exception cref="ArgumentException">The pattern is no regular expression that .NET understands.</exception>
    public PreTokenizer(string pattern)
    {
        // Checked at once, compiled (some 50 ms) when first used.
        _ = new Regex(pattern, RegexOptions.CultureInvariant);
        _pattern = new Lazy<Regex>(() => new Regex(pattern, RegexOptions.Compiled | RegexOptions.CultureInvariant, s_patience));
        _foldsLongS = pattern.Contains("(?i", StringComparison.Ordinal);
    }

    /// <summary>Calls <paramref name="word"/> for every word of a well-formed text, in order; joined they are the text.</summary>
    public void Split<TState>(ReadOnlySpan<char> text, TState state, ReadOnlySpanAction<char, TState> word)
    {
        if (text.IndexOfAnyInRange('\uD800', '\uDBFF') < 0 && !(_foldsLongS && text.Contains(LongS)))
        {
            SplitBy(text, text, state, word);
            return;
        }
        char[] standIn = ArrayPool<char>.Shared.Rent(text.Length);
        int length = 0;
        for (int i = 0; i < text.Length; i++)
        {
            standIn[length++] = char.IsHighSurrogate(text[i]) ? StandIn(char.ConvertToUtf32(text[i], text[++i]))
                : text[i] == LongS && _foldsLongS ? 's' : text[i];
        }
        SplitBy(text, standIn.AsSpan(0, length), state, word);
        ArrayPool<char>.Shared.Return(standIn);
    }

    /// <summary>Matches on <paramref name="units"/> (one a character) and cuts <paramref name="text"/> (one or two a character) alike.</summary>
    private void SplitBy<TState>(ReadOnlySpan<char> text, ReadOnlySpan<char> units, TState state, ReadOnlySpanAction<char, TState> word)
    {
        int unit = 0, at = 0;
        try
        {
            foreach (ValueMatch match in _pattern.Value.EnumerateMatches(units))
            {
                CutUpTo(match.Index, text);
                CutUpTo(match.Index + match.Length, text);
            }
            CutUpTo(units.Length, text);
        }
        catch (RegexMatchTimeoutException e)
        {
            throw CudaSearchException.BadInput($"the split pattern of tokenizer.json, \"{_pattern.Value}\", takes forever on this text; use another tokenizer", e);
        }

        void CutUpTo(int endUnit, ReadOnlySpan<char> text)
        {
            int start = at;
            for (; unit < endUnit; unit++) at += char.IsHighSurrogate(text[at]) ? 2 : 1;
            if (at > start) word(text[start..at], state);
        }
    }

    /// <summary>The character that stands for one beyond U+FFFF: of its category, named by no pattern, without case.</summary>
    internal static char StandIn(int codePoint) => s_standIns[(int)CharUnicodeInfo.GetUnicodeCategory(codePoint)];

    private static char[] MakeStandIns()
    {
        char[] standIns = new char[30];
        ReadOnlySpan<char> candidates =
            "\u03D2\u0138\u01C5\u02B0\u01BB\u0300\u0903\u0488\u0660\u16EE\u00B2\u3000\u2028\u2029\u0080\u00AD\uE000\u203F\u2010\u0F3A\u0F3B\u00AB\u00BB\u00A1\u00AC\u00A2\u00A8\u00A6\u0378";
        foreach (char c in candidates) standIns[(int)char.GetUnicodeCategory(c)] = c;
        return standIns;
    }
}
