using System.Text;

namespace CudaSearch.Answers;

/// <summary>Finds the final answer in a solution, by the rules of search-and-learn (from Qwen2.5-Math) in their order.</summary>
public static class AnswerExtractor
{
    private const string MinervaOpen = "final answer is $";
    private const string MinervaClose = "$. I hope";
    private const string Boxed = "boxed";
    private const string ChineseAnswerIs = "答案是";

    /// <summary>The normalised final answer of a solution text; empty where there is none. Any text is allowed.</summary>
    public static string Extract(string text) => AnswerNormalizer.StripString(TidyEnds(ExtractRaw(text)));

    /// <summary>The final answer as it stands in the text, before any normalisation; empty where there is none.</summary>
    public static string ExtractRaw(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        text = text.Replace("ки", ""); // Math-Shepherd's step tag
        if (Contains(text, MinervaOpen) && Contains(text, MinervaClose))
            return PythonText.Strip(Before(AfterFirst(text, MinervaOpen), MinervaClose));
        if (Contains(text, Boxed)) return BoxContent(AfterLast(text, Boxed));
        if (Contains(text, "he answer is")) return PythonText.Strip(AfterLast(text, "he answer is"));
        if (Contains(text, "final answer is")) return PythonText.Strip(AfterLast(text, "final answer is"));
        if (Contains(text, ChineseAnswerIs)) return ChineseAnswer(text);
        return LastNumber(text.Replace(",", ""));
    }

    /// <summary>
    /// What follows <c>boxed</c>: up to the matching brace (to the end where none matches), or without a brace up to the next dollar sign.
    /// </summary>
    private static string BoxContent(string rest)
    {
        if (rest.Length == 0) return "";
        if (rest[0] != '{') return PythonText.Strip(Before(rest, "$"));
        int depth = 1;
        for (int i = 1; i < rest.Length; i++)
        {
            if (rest[i] == '{') depth++;
            else if (rest[i] == '}' && --depth == 0) return rest[1..i];
        }
        return rest[1..];
    }

    /// <summary>
    /// Up to a blank line. Quirk: it is the first occurrence that counts, and the text ends where the phrase comes again.
    /// </summary>
    private static string ChineseAnswer(string text)
    {
        string answer = PythonText.Strip(Before(AfterFirst(text, ChineseAnswerIs), ChineseAnswerIs));
        return PythonText.Strip(Before(answer, "\n\n"));
    }

    /// <summary>
    /// The last of the numbers (optional minus, digits, point, digits) that a reading from left to right finds, so "1.2.3" ends in ".3".
    /// </summary>
    private static string LastNumber(string text)
    {
        string last = "";
        for (int i = 0; i < text.Length;)
        {
            int end = EndOfNumber(text, i);
            if (end > i) last = text[i..end];
            i = end > i ? end : i + 1;
        }
        return last;
    }

    /// <summary>Where the number that starts here ends; the start itself where none does.</summary>
    private static int EndOfNumber(string text, int start)
    {
        int whole = start < text.Length && text[start] == '-' ? start + 1 : start;
        int point = PythonText.EndOfDigits(text, whole);
        int end = point < text.Length && text[point] == '.' ? PythonText.EndOfDigits(text, point + 1) : point;
        if (end > point + 1) return end;
        return point > whole ? point : start;
    }

    /// <summary>Joins lines and drops one leading colon, then one trailing full stop, then one trailing slash.</summary>
    private static string TidyEnds(string answer)
    {
        answer = JoinLines(answer);
        if (answer.StartsWith(':')) answer = answer[1..];
        if (answer.EndsWith('.')) answer = answer[..^1];
        return answer.EndsWith('/') ? answer[..^1] : answer;
    }

    /// <summary>Deletes every newline with the white space after it.</summary>
    private static string JoinLines(string text)
    {
        if (!text.Contains('\n')) return text;
        StringBuilder result = new(text.Length);
        for (int i = 0; i < text.Length;)
        {
            if (text[i] != '\n') result.Append(text[i++]);
            else while (i < text.Length && PythonText.IsSpace(text[i])) i++;
        }
        return result.ToString();
    }

    private static bool Contains(string text, string part) => text.Contains(part, StringComparison.Ordinal);

    private static string AfterFirst(string text, string part) => text[(text.IndexOf(part, StringComparison.Ordinal) + part.Length)..];

    private static string AfterLast(string text, string part) => text[(text.LastIndexOf(part, StringComparison.Ordinal) + part.Length)..];

    private static string Before(string text, string part) =>
        text.IndexOf(part, StringComparison.Ordinal) is var end and >= 0 ? text[..end] : text;
}
