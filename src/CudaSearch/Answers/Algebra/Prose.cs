namespace CudaSearch.Answers.Algebra;

/// <summary>Sentences around an answer.</summary>
internal static class Prose
{
    /// <summary>Whether a text has words of a sentence besides mathematics, units and connectives.</summary>
    public static bool Is(string text)
    {
        int words = 0, longWords = 0;
        foreach (string word in Words(text))
        {
            if (LatexVocabulary.MeaningOf(word) is not null || UnitNames.IsUnitWord(word) || word.All(char.IsAsciiLetterUpper)) continue;
            words++;
            if (word.Length > 3) longWords++;
        }
        bool lines = text.Contains('\n') && !text.Contains('\\');
        return words > 1 || lines || longWords > 0 && text.AsSpan().IndexOfAnyInRange('0', '9') >= 0;
    }

    /// <summary>What follows the last "is" of a text, where a number stands in it and no further prose; null elsewhere.</summary>
    public static string? AfterIs(string text)
    {
        int at = text.LastIndexOf(" is ", StringComparison.Ordinal);
        if (at < 0) return null;
        string rest = text[(at + 4)..].Split('\n')[0].Trim().TrimEnd('.');
        return rest.AsSpan().IndexOfAnyInRange('0', '9') >= 0 && !Is(rest) ? Spans.Whole(rest) ?? rest : null;
    }

    /// <summary>Whether a number stands in a text.</summary>
    public static bool HasNumber(string text) => LastNumber(text) is not null;

    /// <summary>The last number of a text that is not part of a word, with its separators; null where there is none.</summary>
    public static string? LastNumber(string text)
    {
        for (int end = text.Length; end > 0; end--)
        {
            if (!char.IsAsciiDigit(text[end - 1])) continue;
            int start = end;
            while (start > 0 && (char.IsAsciiDigit(text[start - 1]) || IsInner(text, start - 1))) start--;
            if (start == 0 || !char.IsLetterOrDigit(text[start - 1]) && text[start - 1] is not ('_' or '^' or '\\')) return WithSign(text, start, end);
            end = start + 1;
        }
        return null;
    }

    /// <summary>A comma, a point or a slash between two digits.</summary>
    private static bool IsInner(string text, int at) => text[at] is '.' or ',' or '/' && at > 0 && char.IsAsciiDigit(text[at - 1]) && char.IsAsciiDigit(text[at + 1]);

    private static string WithSign(string text, int start, int end)
    {
        if (start > 0 && text[start - 1] == '.') start--;
        bool negative = start > 0 && text[start - 1] == '-' && (start == 1 || !char.IsLetterOrDigit(text[start - 2]));
        return text[(negative ? start - 1 : start)..end];
    }

    /// <summary>Words of two letters or more that no backslash stands before, outside the arguments of text commands.</summary>
    private static IEnumerable<string> Words(string text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (!char.IsAsciiLetter(text[i])) continue;
            int start = i;
            while (i < text.Length && char.IsAsciiLetter(text[i])) i++;
            bool command = start > 0 && (text[start - 1] == '\\' || text[start - 1] == '{' && IsArgument(text, start - 1));
            if (!command && i - start > 1) yield return text[start..i];
            else if (command && LatexVocabulary.IsText(text[start..i]) && text.AsSpan(i).TrimStart().StartsWith("{"))
            {
                int close = text.IndexOf('}', i);
                if (close < 0) yield break;
                i = close;
            }
        }
    }

    /// <summary>Whether this brace opens the argument of a command: <c>\begin{array}</c>.</summary>
    private static bool IsArgument(string text, int brace) => brace > 0 && char.IsAsciiLetter(text[brace - 1]);
}
