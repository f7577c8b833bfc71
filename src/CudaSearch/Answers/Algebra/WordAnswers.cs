using System.Text;

namespace CudaSearch.Answers.Algebra;

/// <summary>Compares answers that are words.</summary>
internal static class WordAnswers
{
    private static readonly string[] s_commands = [@"\text", @"\mathrm", @"\textbf", @"\mbox", @"\textit", @"\textrm", @"\textnormal", @"\boxed", @"\left", @"\right", @"\,", @"\ ", @"\!", @"\;", @"\quad"];

    /// <summary>Whether two texts are the same words, whatever their case, spaces, punctuation and LaTeX dress. Single letters keep their case.</summary>
    public static bool AreEqual(string a, string b)
    {
        string left = Bare(a), right = Bare(b);
        if (left.Length == 0 || right.Length == 0) return false;
        return string.Equals(left, right, IsWord(left) ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal);
    }

    private static bool IsWord(string text) => text.Length > 2 && text.All(char.IsLetter);

    /// <summary>The text without its dress.</summary>
    private static string Bare(string text)
    {
        foreach (string command in s_commands) text = text.Replace(command, "");
        var bare = new StringBuilder(text.Length);
        foreach (char c in text)
            if (!char.IsWhiteSpace(c) && c is not ('{' or '}' or '$' or '.' or '"' or '“' or '”' or '~')) bare.Append(c);
        string result = bare.ToString();
        return result.Length > 2 && result[0] == '(' && result[^1] == ')' && result.AsSpan(1, result.Length - 2).IndexOfAny("(),") < 0 ? result[1..^1] : result;
    }
}
