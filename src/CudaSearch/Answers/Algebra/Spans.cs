namespace CudaSearch.Answers.Algebra;

/// <summary>Boxes and formulas in a text.</summary>
internal static class Spans
{
    private const int MaxGap = 60; // characters between parts of one answer

    private static readonly (string Open, string Close)[] s_delimiters = [("$$", "$$"), (@"\[", @"\]"), (@"\(", @"\)"), ("$", "$")];

    /// <summary>The content of the last <c>\boxed{…}</c>, together with the ones before it that only connectives separate from it; null where there is none.</summary>
    public static string? LastBoxes(string text)
    {
        List<(int Start, int End, string Content)> boxes = [];
        for (int at = 0; (at = text.IndexOf(@"\boxed", at, StringComparison.Ordinal)) >= 0;)
        {
            int open = at + @"\boxed".Length;
            while (open < text.Length && text[open] == ' ') open++;
            int end = open < text.Length && text[open] == '{' ? EndOfGroup(text, open) : EndOfWord(text, open);
            string content = text[open..end].Trim();
            if (content.StartsWith('{')) content = content.EndsWith('}') && end - open == content.Length && IsClosed(text, open, end) ? content[1..^1] : content[1..];
            boxes.Add((at, end, content));
            at = Math.Max(end, open);
        }
        return Joined(text, boxes)?.Content;
    }

    /// <summary>The content of a text that is one formula and nothing else; null for other texts.</summary>
    public static string? Whole(string text)
    {
        foreach ((string open, string close) in s_delimiters)
        {
            if (text.Length <= open.Length + close.Length || !text.StartsWith(open, StringComparison.Ordinal) || !text.EndsWith(close, StringComparison.Ordinal)) continue;
            string content = text[open.Length..^close.Length];
            if (Find(content, close, 0) < 0 && !content.EndsWith('\\')) return content;
        }
        return null;
    }

    /// <summary>The last formula, with those before it that only connectives separate from it, and where it ends; null where there is none.</summary>
    public static (string Content, int End)? LastFormulas(string text)
    {
        List<(int Start, int End, string Content)> formulas = [];
        HashSet<string> unclosed = []; // delimiters that do not come again
        for (int at = 0; at < text.Length; at++)
        {
            foreach ((string open, string close) in s_delimiters)
            {
                if (unclosed.Contains(open) || string.CompareOrdinal(text, at, open, 0, open.Length) != 0 || open[0] == '$' && at > 0 && text[at - 1] == '\\') continue;
                int end = Find(text, close, at + open.Length);
                if (end < 0)
                {
                    unclosed.Add(open);
                    continue;
                }
                formulas.Add((at, end + close.Length, text[(at + open.Length)..end]));
                at = end + close.Length - 1;
                break;
            }
        }
        return Joined(text, formulas);
    }

    /// <summary>Where a delimiter stands that no backslash escapes; −1 where none does.</summary>
    private static int Find(string text, string delimiter, int start)
    {
        for (int at = start; (at = text.IndexOf(delimiter, at, StringComparison.Ordinal)) >= 0; at++)
            if (delimiter[0] != '$' || at == 0 || text[at - 1] != '\\') return at;
        return -1;
    }

    private static (string Content, int End)? Joined(string text, List<(int Start, int End, string Content)> parts)
    {
        if (parts.Count == 0) return null;
        int first = parts.Count - 1;
        while (first > 0 && IsConnective(text[parts[first - 1].End..parts[first].Start])) first--;
        return (string.Join(", ", parts.Skip(first).Select(part => part.Content)), parts[^1].End);
    }

    /// <summary>Whether a gap holds no words but "and" or "or", or is short and holds one of them.</summary>
    private static bool IsConnective(string gap)
    {
        if (gap.Length > MaxGap || gap.Contains("\n\n", StringComparison.Ordinal)) return false;
        string plain = gap.Replace(@"\text", "").Replace(@"\quad", "").Replace(@"\qquad", "");
        string[] words = plain.Split([' ', '\n', '$', ',', ';', '{', '}', '(', ')', '\\', '.'], StringSplitOptions.RemoveEmptyEntries);
        return words.All(word => !char.IsLetter(word[0]) && word[0] != '*') || words.Any(word => word is "and" or "or");
    }

    private static int EndOfGroup(string text, int open)
    {
        int depth = 0;
        for (int i = open; i < text.Length; i++)
        {
            if (text[i] == '{') depth++;
            else if (text[i] == '}' && --depth == 0) return i + 1;
        }
        return text.Length;
    }

    /// <summary>Whether the group that ends here was closed rather than cut off by the end of the text.</summary>
    private static bool IsClosed(string text, int open, int end) => text.AsSpan(open, end - open).Count('{') == text.AsSpan(open, end - open).Count('}');

    private static int EndOfWord(string text, int start)
    {
        int end = start;
        while (end < text.Length && !char.IsWhiteSpace(text[end]) && text[end] != '$') end++;
        return end;
    }
}
