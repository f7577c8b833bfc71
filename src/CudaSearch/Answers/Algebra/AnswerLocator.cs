using System.Buffers;

namespace CudaSearch.Answers.Algebra;

/// <summary>
/// Finds what a text answers, be it a bare answer, an answer in dollar signs, or a whole solution: behind "Final Answer:" or "answer is",
/// in boxes, in the last formula, or the last number.
/// </summary>
internal static class AnswerLocator
{
    /// <summary>What stands before an answer even if a box came earlier.</summary>
    private static readonly string[] s_finals = ["final answer:", "final answer is"];

    /// <summary>What stands before an answer that is in no box.</summary>
    private static readonly string[] s_announcements = ["answer is", "answer:", "\nA:", "####"];

    private static readonly SearchValues<char> s_mathematics = SearchValues.Create("0123456789$\\"); // "our answer is correct" announces nothing
    private static readonly string[] s_ends = ["<|im_", "<|eot_id|>", "<|end", ". I hope", ". Note:"];

    /// <summary>The answer of a text, without dollar signs; of several boxes or formulas in a row, all of them with commas between.</summary>
    public static string Locate(string text)
    {
        string region = text;
        foreach (string announcement in s_finals) region = After(region, announcement);
        foreach (string end in s_ends) region = Before(region, end);
        if (Spans.LastBoxes(region) is { } boxes) return boxes;
        foreach (string announcement in s_announcements) region = After(region, announcement);
        if (!text.StartsWith(region, StringComparison.Ordinal)) region = FirstSentence(region);
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
        return rest.AsSpan().IndexOfAny(s_mathematics) >= 0 || !text.Contains(@"\boxed", StringComparison.Ordinal) && !string.IsNullOrWhiteSpace(rest) ? rest : text;
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
        bool formula = false;
        for (int i = 0; i < text.Length; i++)
        {
            formula ^= text[i] == '$';
            if (text[i] == '\n' && !formula) return text[..i];
            if (text[i] == '.' && (i + 1 == text.Length || char.IsWhiteSpace(text[i + 1]))) return text[..i];
        }
        return text;
    }
}
