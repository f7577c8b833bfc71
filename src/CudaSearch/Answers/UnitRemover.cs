using System.Text;

namespace CudaSearch.Answers;

/// <summary>
/// Deletes units as search-and-learn's substitution <c>(^|\W)unit($|\W)</c> → <c>\1\2</c> does, unit by unit. The units are literals and
/// wildcards only, so a search for their first literal part and a look at both neighbours replaces 270 regular expressions.
/// </summary>
internal static class UnitRemover
{
    private static readonly (string Unit, string Prefix)[] s_units =
        [.. Units.InOrder.Select(unit => (unit, unit.Split('.')[0]))]; // no unit begins with a wildcard

    /// <summary>Two passes over all units: a deletion uses up both neighbours, so adjacent units need the second.</summary>
    public static string RemoveTwice(string text)
    {
        string once = RemoveAll(text);
        return ReferenceEquals(once, text) ? text : RemoveAll(once);
    }

    private static string RemoveAll(string text)
    {
        foreach ((string unit, string prefix) in s_units)
        {
            string without = Remove(text, unit, prefix);
            if (without.Length > 0) text = without; // a text that is nothing but a unit stays
        }
        return text;
    }

    /// <summary>The text without this unit; the same instance where it does not occur.</summary>
    private static string Remove(string text, string unit, string prefix)
    {
        StringBuilder? kept = null;
        int copied = 0; // text before this index is in 'kept'
        int free = 0; // characters before this index belong to an earlier match, its right neighbour included
        for (int start = 0; (start = text.IndexOf(prefix, start, StringComparison.Ordinal)) >= 0; start++)
        {
            if (start < free || !IsLeftBoundary(text, start, free)) continue;
            int end = EndOfMatch(text, start, unit);
            if (end < 0 || end < text.Length && PythonText.IsWord(text, end)) continue;
            (kept ??= new StringBuilder(text.Length)).Append(text, copied, start - copied);
            copied = end;
            free = end < text.Length ? end + PythonText.CodePointLength(text, end) : end;
        }
        return kept is null ? text : kept.Append(text, copied, text.Length - copied).ToString();
    }

    /// <summary>Whether the unit starts the text, or follows a non-word character that no earlier match has used up.</summary>
    private static bool IsLeftBoundary(string text, int start, int free)
    {
        if (start == 0) return true;
        int before = start - PythonText.CodePointLengthBefore(text, start);
        return before >= free && !PythonText.IsWord(text, before);
    }

    /// <summary>Where the unit that starts here ends, or -1. A full stop in a unit is a wildcard for any one code point.</summary>
    private static int EndOfMatch(string text, int start, string unit)
    {
        int i = start;
        foreach (char expected in unit)
        {
            if (i >= text.Length) return -1;
            if (expected == '.') i += PythonText.CodePointLength(text, i);
            else if (text[i] == expected) i++;
            else return -1;
        }
        return i;
    }
}
