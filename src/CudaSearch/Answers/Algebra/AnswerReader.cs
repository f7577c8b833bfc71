using System.Text;

namespace CudaSearch.Answers.Algebra;

/// <summary>Reads an answer in every way that makes sense of its commas.</summary>
internal static class AnswerReader
{
    /// <summary>Longest answer that is read as mathematics.</summary>
    public const int MaxLength = 2000;

    /// <summary>The trees that an answer may stand for, likeliest first; none where it is no mathematics.</summary>
    /// <param name="answer">What <see cref="AnswerLocator"/> found.</param>
    /// <param name="budget">Pays for the reading.</param>
    public static List<Expression> Read(string answer, WorkBudget budget)
    {
        List<Expression> readings = [];
        if (answer.Length > MaxLength) return readings;
        string text = Tidy(answer);
        if (text.Length == 0) return readings;
        if (NumberWords.IsNumber(text)) text = NumberWords.ToDigits(text);
        Add(LatexParser.Parse(text, joinsThousands: true, budget));
        if (text.Contains(',') && JoinsDigits(text)) Add(LatexParser.Parse(text, joinsThousands: false, budget));
        if (DecimalComma(text) is { } point) Add(LatexParser.Parse(point, joinsThousands: false, budget));
        return readings;

        void Add(Expression? reading)
        {
            if (reading is not null) readings.Add(reading);
        }
    }

    /// <summary>Punctuation at the end, and doubled backslashes of texts that were quoted twice.</summary>
    private static string Tidy(string answer)
    {
        string text = answer.Trim().TrimEnd('.', ',', ';', ':', ' ', '\n');
        if (text.Contains(@"\begin", StringComparison.Ordinal)) return text;
        var tidy = new StringBuilder(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            bool doubled = text[i] == '\\' && i + 2 < text.Length && text[i + 1] == '\\' && char.IsAsciiLetter(text[i + 2]);
            if (!doubled) tidy.Append(text[i]);
        }
        return tidy.ToString();
    }

    /// <summary>Whether a comma stands between digits.</summary>
    private static bool JoinsDigits(string text)
    {
        for (int i = text.IndexOf(','); i >= 0; i = text.IndexOf(',', i + 1))
            if (i > 0 && i + 1 < text.Length && char.IsAsciiDigit(text[i - 1]) && char.IsAsciiDigit(text[i + 1])) return true;
        return false;
    }

    /// <summary>The text with a point for its comma, where it is a number with a single comma; null elsewhere.</summary>
    private static string? DecimalComma(string text)
    {
        int comma = text.IndexOf(',');
        if (comma <= 0 || comma != text.LastIndexOf(',')) return null;
        ReadOnlySpan<char> whole = text.AsSpan(text[0] == '-' ? 1 : 0, comma - (text[0] == '-' ? 1 : 0)), decimals = text.AsSpan(comma + 1);
        return whole.ContainsOnlyDigits() && decimals.ContainsOnlyDigits() ? $"{text[..comma]}.{decimals}" : null;
    }
}
