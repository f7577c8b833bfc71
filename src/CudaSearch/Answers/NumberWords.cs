namespace CudaSearch.Answers;

/// <summary>English number words to digits, as the word2number library (1.1) reads them, quirks included.</summary>
internal static class NumberWords
{
    private const string Point = "point";

    private static readonly Dictionary<string, long> s_values = new(StringComparer.Ordinal)
    {
        ["zero"] = 0, ["one"] = 1, ["two"] = 2, ["three"] = 3, ["four"] = 4, ["five"] = 5, ["six"] = 6, ["seven"] = 7, ["eight"] = 8, ["nine"] = 9,
        ["ten"] = 10, ["eleven"] = 11, ["twelve"] = 12, ["thirteen"] = 13, ["fourteen"] = 14, ["fifteen"] = 15, ["sixteen"] = 16, ["seventeen"] = 17,
        ["eighteen"] = 18, ["nineteen"] = 19, ["twenty"] = 20, ["thirty"] = 30, ["forty"] = 40, ["fifty"] = 50, ["sixty"] = 60, ["seventy"] = 70,
        ["eighty"] = 80, ["ninety"] = 90, ["hundred"] = 100, ["thousand"] = 1_000, ["million"] = 1_000_000, ["billion"] = 1_000_000_000,
    };

    /// <summary>Scale words that split a number into groups, largest first.</summary>
    private static readonly string[] s_scales = ["billion", "million", "thousand"];

    /// <summary>The number in digits, or the text unchanged where the library would refuse it.</summary>
    public static string ToDigits(string text)
    {
        if (IsAllDigits(text)) return Integer(text);

        // Quirk: every other word of a sentence is skipped ("the three of them" is 3), and punctuation that touches a word hides it.
        List<string> all = PythonText.Split(text.Replace('-', ' ').ToLowerInvariant());
        List<string> words = [.. all.Where(word => word == Point || s_values.ContainsKey(word))];
        if (words.Count == 0 || s_scales.Append(Point).Any(scale => words.Count(word => word == scale) > 1)) return text;

        int point = words.IndexOf(Point);
        List<string> whole = point < 0 ? words : words[..point];
        List<string> decimals = point < 0 ? [] : words[(point + 1)..];
        if (Whole(whole) is not { } sum) return text;
        return Fraction(decimals) is { } fraction ? PythonText.Repr(sum + fraction) : sum.ToString();
    }

    /// <summary>Whether a text is number words and nothing else, so that its digits say the same.</summary>
    public static bool IsNumber(string text) => PythonText.Split(text.Replace('-', ' ').ToLowerInvariant()) is { Count: > 0 } words && words.All(s_values.ContainsKey);

    private static bool IsAllDigits(string text) => text.Length > 0 && PythonText.EndOfDigits(text, 0) == text.Length;

    /// <summary>Digits of any script as an ASCII integer without leading zeros.</summary>
    private static string Integer(string digits)
    {
        string ascii = string.Concat(digits.EnumerateRunes().Select(rune => (int)System.Text.Rune.GetNumericValue(rune)));
        if (ascii.Length > PythonText.MaxIntegerDigits) return digits;
        string trimmed = ascii.TrimStart('0');
        return trimmed.Length == 0 ? "0" : trimmed;
    }

    /// <summary>
    /// The value before the point; null where the scale words stand in a wrong order or a scale has no multiplier before it.
    /// </summary>
    private static long? Whole(List<string> words)
    {
        int[] scales = [.. s_scales.Select(scale => words.IndexOf(scale))]; // positions; -1 where absent
        (int billion, int million, int thousand) = (scales[0], scales[1], scales[2]);
        if (thousand >= 0 && (thousand < million || thousand < billion) || million >= 0 && million < billion) return null;
        if (words.Count == 0) return 0; // quirk: "point" alone is 0
        if (words.Count == 1) return s_values[words[0]];

        long sum = 0;
        int start = 0;
        for (int i = 0; i < scales.Length; i++)
        {
            if (scales[i] < 0) continue;
            if (scales[i] == start) return null;
            sum += Group(words[start..scales[i]]) * s_values[s_scales[i]];
            start = scales[i] + 1;
        }
        return sum + Rest(words, scales);
    }

    /// <summary>
    /// What follows the scales. Quirk: where the smallest scale is the last word, the rest is taken after the next larger one, so that its
    /// words count twice ("one million two thousand" is 1000000 + 2000 + (2 + 1000)).
    /// </summary>
    private static long Rest(List<string> words, int[] scales)
    {
        if (scales.All(position => position < 0)) return Group(words);
        int after = scales.LastOrDefault(position => position >= 0 && position != words.Count - 1, -1);
        return after < 0 ? 0 : Group(words[(after + 1)..]);
    }

    /// <summary>
    /// The value of one to four words between scales. Quirk: three or four words are always a product and a sum ("one two three" is 5), and
    /// of five or more only the first counts.
    /// </summary>
    private static long Group(List<string> words)
    {
        long[] n = [.. words.Select(word => s_values[word])];
        return n.Length switch
        {
            4 => n[0] * n[1] + n[2] + n[3],
            3 => n[0] * n[1] + n[2],
            2 => n.Contains(100) ? n[0] * n[1] : n[0] + n[1],
            _ => n[0],
        };
    }

    /// <summary>
    /// The value after the point; null where there is none or a word after the point is not a single digit (it then adds nothing).
    /// </summary>
    private static double? Fraction(List<string> words) =>
        words.Count == 0 || words.Any(word => word == Point || s_values[word] > 9)
            ? null
            : double.Parse("0." + string.Concat(words.Select(word => s_values[word])));
}
