using System.Text;
using System.Text.RegularExpressions;

namespace CudaSearch.Cli.Rendering;

/// <summary>Makes one line of what a model wrote, for a terminal: no control characters, no more than fits.</summary>
internal static partial class StepText
{
    /// <summary>A step without its "## Step 3:" heading, lines joined by a dot.</summary>
    public static string Headline(string step)
    {
        string line = OneLine(Numbering().Replace(step.Trim(), ""));
        return line.Length == 0 ? "(nothing)" : line;
    }

    /// <summary>Lines joined by a dot; control characters, which could steer a terminal, become spaces.</summary>
    public static string OneLine(string text)
    {
        var line = new StringBuilder();
        foreach (string part in text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Length > 0) line.Append(" · ");
            foreach (char c in part) line.Append(char.IsControl(c) ? ' ' : c);
        }
        return line.ToString();
    }

    /// <summary>The beginning of a line that fits into so many columns, with an ellipsis where something is missing.</summary>
    public static string Fit(string line, int columns)
    {
        int used = 0, end = 0, fits = 0;
        foreach (Rune rune in line.EnumerateRunes())
        {
            used += IsWide(rune) ? 2 : 1;
            if (used > columns) return line[..fits] + "…";
            end += rune.Utf16SequenceLength;
            if (used < columns) fits = end;
        }
        return line;
    }

    // East Asian wide characters and emoji take two columns; close enough for cutting a line.
    private static bool IsWide(Rune rune) => rune.Value is >= 0x1100 and <= 0x115F or >= 0x2E80 and <= 0xA4CF or >= 0xAC00 and <= 0xD7A3
        or >= 0xF900 and <= 0xFAFF or >= 0xFE30 and <= 0xFE6F or >= 0xFF00 and <= 0xFF60 or >= 0x1F300;

    [GeneratedRegex(@"^#+ *Step \d+:\s*")]
    private static partial Regex Numbering();
}
