using System.Text;

namespace CudaSearch.Answers.Algebra;

/// <summary>Compares answers that are words.</summary>
internal static class WordAnswers
{
    /// <summary>Whether two texts are the same words, whatever their case, spaces and LaTeX dress. Symbols and numbers have to be the same to the letter.</summary>
    public static bool AreEqual(string a, string b)
    {
        string left = Bare(a), right = Bare(b);
        if (left.Length == 0 || right.Length == 0) return false;
        return string.Equals(left, right, IsWord(left) ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal);
    }

    private static bool IsWord(string text) => text.Length > 2 && text.All(char.IsLetter);

    /// <summary>The text without its dress: text commands and their braces, spaces that are not between digits, quotation marks, a full stop at the end.</summary>
    private static string Bare(string text)
    {
        var bare = new StringBuilder(text.Length);
        Stack<bool> dropped = []; // for each open brace, whether it belongs to a text command
        bool command = false, space = false;
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (char.IsWhiteSpace(c) || c is '$' or '~' or '"' or '“' or '”')
            {
                space = true;
                continue;
            }
            if (c == '\\' && EndOfDress(text, i) is > 0 and int end)
            {
                command = true;
                i = end - 1;
                continue;
            }
            if (c == '{') dropped.Push(command);
            bool isDropped = c == '{' ? command : c == '}' && dropped.TryPop(out bool open) && open;
            command = false;
            if (isDropped) continue;
            if (space && bare.Length > 0 && char.IsAsciiDigit(c) && char.IsAsciiDigit(bare[^1])) bare.Append(' ');
            space = false;
            bare.Append(c);
        }
        string result = bare.ToString().TrimEnd('.');
        return result.Length > 2 && result[0] == '(' && result[^1] == ')' && result.AsSpan(1, result.Length - 2).IndexOfAny("(),") < 0 ? result[1..^1] : result;
    }

    /// <summary>Where a command ends that only changes looks or makes words; 0 for other commands.</summary>
    private static int EndOfDress(string text, int backslash)
    {
        int end = backslash + 1;
        while (end < text.Length && char.IsAsciiLetter(text[end])) end++;
        if (end == backslash + 1) return end < text.Length && text[end] is ',' or ' ' or '!' or ';' or ':' ? end + 1 : 0;
        string name = text[(backslash + 1)..end];
        return LatexVocabulary.IsText(name) || LatexVocabulary.IsIgnored(name) ? end : 0;
    }
}
