using System.Text;

namespace CudaSearch.Answers;

/// <summary>
/// Text classes as Python's <c>str</c> and <c>re</c> see them. The reference works on code points, so a surrogate pair counts as one
/// character here, and a lone surrogate as one that is neither word, digit nor space.
/// </summary>
internal static class PythonText
{
    /// <summary>Python refuses to convert between text and integers longer than this many digits.</summary>
    public const int MaxIntegerDigits = 4300;

    /// <summary>UTF-16 units of the code point that starts at <paramref name="index"/>: 1 or 2.</summary>
    public static int CodePointLength(string text, int index) =>
        char.IsHighSurrogate(text[index]) && index + 1 < text.Length && char.IsLowSurrogate(text[index + 1]) ? 2 : 1;

    /// <summary>UTF-16 units of the code point that ends just before <paramref name="end"/>: 1 or 2.</summary>
    public static int CodePointLengthBefore(string text, int end) =>
        end >= 2 && char.IsLowSurrogate(text[end - 1]) && char.IsHighSurrogate(text[end - 2]) ? 2 : 1;

    /// <summary>
    /// Python's <c>\w</c>: letters, numbers of every kind, and the underscore. Unlike .NET's it has no marks and no other connectors.
    /// </summary>
    public static bool IsWord(string text, int index) =>
        text[index] == '_' || Rune.TryGetRuneAt(text, index, out Rune rune) && (Rune.IsLetter(rune) || Rune.IsNumber(rune));

    /// <summary>Python's <c>\d</c>: decimal digits of every script.</summary>
    public static bool IsDigit(string text, int index) => Rune.TryGetRuneAt(text, index, out Rune rune) && Rune.IsDigit(rune);

    /// <summary>Python's white space: .NET's and the four ASCII separators.</summary>
    public static bool IsSpace(char c) => char.IsWhiteSpace(c) || c is >= '\x1c' and <= '\x1f';

    /// <summary>Where the run of decimal digits that starts at <paramref name="index"/> ends.</summary>
    public static int EndOfDigits(string text, int index)
    {
        while (index < text.Length && IsDigit(text, index)) index += CodePointLength(text, index);
        return index;
    }

    /// <summary>Where the run of word characters that starts at <paramref name="index"/> ends.</summary>
    public static int EndOfWord(string text, int index)
    {
        while (index < text.Length && IsWord(text, index)) index += CodePointLength(text, index);
        return index;
    }

    /// <summary>The text without white space at either end.</summary>
    public static string Strip(string text)
    {
        int start = 0, end = text.Length;
        while (start < end && IsSpace(text[start])) start++;
        while (end > start && IsSpace(text[end - 1])) end--;
        return text[start..end];
    }

    /// <summary>The non-empty pieces between runs of white space.</summary>
    public static List<string> Split(string text)
    {
        List<string> words = [];
        for (int i = 0; i < text.Length;)
        {
            int start = i;
            while (i < text.Length && !IsSpace(text[i])) i++;
            if (i > start) words.Add(text[start..i]);
            else i++;
        }
        return words;
    }

    /// <summary>
    /// A non-negative number below 1e15 as Python's <c>repr</c> writes it: shortest, and always with a point or an exponent.
    /// </summary>
    public static string Repr(double value)
    {
        string shortest = value.ToString("R").Replace('E', 'e');
        return shortest.Contains('.') || shortest.Contains('e') ? shortest : shortest + ".0";
    }
}
