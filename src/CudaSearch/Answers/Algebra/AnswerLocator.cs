namespace CudaSearch.Answers.Algebra;

/// <summary>
/// Finds what a text answers, be it a bare answer, an answer in dollar signs, or a whole solution: behind "Final Answer:" or "answer is",
/// in boxes, in the last formula, or the last number.
/// </summary>
internal static class AnswerLocator
{
    private static readonly string[] s_announcements = ["final answer:", "answer is", "answer:"];
    private static readonly string[] s_ends = ["<|", ". I hope", ". Note:"];

    /// <summary>The answer of a text, without dollar signs; of several boxes or formulas in a row, all of them with commas between.</summary>
    public static string Locate(string text)
    {
        string region = text;
        foreach (string announcement in s_announcements) region = After(region, announcement);
        bool announced = region.Length != text.Length;
        foreach (string end in s_ends) region = Before(region, end);
        if (Spans.LastBoxes(region) is { } boxes) return boxes;
        if (announced) region = FirstSentence(region);
        region = region.Trim(' ', '\n', ':', '*', '"');
        if (Spans.Whole(region) is { } whole) return whole;
        if (!Prose.Is(region)) return region;
        return Spans.LastFormulas(region) is { } formulas && !Prose.HasNumber(region[formulas.End..])
            ? formulas.Content : Prose.AfterIs(region) ?? Prose.LastNumber(region) ?? region;
    }

    private static string After(string text, string part)
    {
        int at = text.LastIndexOf(part, StringComparison.OrdinalIgnoreCase);
        string rest = at < 0 ? text : text[(at + part.Length)..];
        return string.IsNullOrWhiteSpace(rest) ? text : rest;
    }

    private static string Before(string text, string part)
    {
        int at = text.IndexOf(part, StringComparison.Ordinal);
        return at > 0 ? text[..at] : text;
    }

    /// <summary>Up to a full stop before white space, or a line end.</summary>
    private static string FirstSentence(string text)
    {
        text = text.TrimStart(' ', '\n', ':', '*');
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '\n' && text[..i].Count(c => c == '$') % 2 == 0) return text[..i];
            if (text[i] == '.' && (i + 1 == text.Length || char.IsWhiteSpace(text[i + 1]))) return text[..i];
        }
        return text;
    }
}
