using System.Text;

namespace CudaSearch.Answers;

/// <summary>
/// The normalisation of answer texts that search-and-learn took from Qwen2.5-Math (<c>strip_string</c>), reproduced with its quirks so that
/// votes agree with it. Most quirks are harmless because both sides of a comparison pass through them.
/// </summary>
public static class AnswerNormalizer
{
    private static readonly string[] s_assignments = ["x=", "y=", "z=", @"x\in", @"y\in", @"z\in", @"x\to", @"y\to", @"z\to"];

    /// <summary>Normalises an answer. Any text is allowed; the result may be empty.</summary>
    public static string StripString(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        text = PythonText.Strip(text).Replace("\n", "").TrimEnd('.').Replace(@"\!", "");
        text = UnifyMatricesAndFractions(text);
        text = RemoveTrailingText(text);
        text = UnitRemover.RemoveTwice(text);
        text = text.Replace(@"^{\circ}", "").Replace(@"^\circ", "");
        text = text.Replace(@"\$", "").Replace("$", "").Replace(@"\(", "").Replace(@"\)", "");
        text = NumberWords.ToDigits(text);
        text = UnwrapTextAndAssignments(text);
        text = text.Replace(@"\%", "").Replace("%", "");
        text = text.Replace(" .", " 0.").Replace("{.", "{0.");
        text = UnifyInfinity(text);
        text = RemoveConjunctions(text);
        text = TakeJForI(text);
        text = DropZeroFractions(text);
        if (text.Length == 0) return text;
        if (text[0] == '.') text = "0" + text;
        text = DropShortLeftSide(text);
        text = BraceRoots(text).Replace(" ", "");
        text = BraceFractions(text);
        return SlashToFraction(text);
    }

    private static string UnifyMatricesAndFractions(string text)
    {
        text = ReplaceDelimited(text, @"\begin{array}{", _ => @"\begin{pmatrix}").Replace(@"\end{array}", @"\end{pmatrix}");
        return text.Replace("bmatrix", "pmatrix").Replace("tfrac", "frac").Replace("dfrac", "frac")
            .Replace(@"\neq", @"\ne").Replace(@"\leq", @"\le").Replace(@"\geq", @"\ge")
            .Replace(@"\left", "").Replace(@"\right", "") // quirk: also the head of \leftarrow and \rightarrow
            .Replace(@"\{", "{").Replace(@"\}", "}");
    }

    /// <summary>
    /// A unit in <c>\text{…}</c> at the end goes, if something remains. Quirk: the cut starts at the first <c>\text{</c> of a text that
    /// ends in a brace, whatever stands in between.
    /// </summary>
    private static string RemoveTrailingText(string text)
    {
        const string open = @"\text{";
        int start = text.IndexOf(open, StringComparison.Ordinal);
        if (start < 0 || !text.EndsWith('}') || text.Length - 1 < start + open.Length) return StripUnlessEmpty(text, text);
        return StripUnlessEmpty(text[..start], text);
    }

    /// <summary>
    /// The stripped text, or the other where nothing is left. White space can stand at the ends since full stops and <c>\!</c> went.
    /// </summary>
    private static string StripUnlessEmpty(string text, string otherwise) =>
        PythonText.Strip(text) is { Length: > 0 } stripped ? stripped : otherwise;

    private static string UnwrapTextAndAssignments(string text)
    {
        text = ReplaceDelimited(text, @"\text{", content => content);
        foreach (string assignment in s_assignments) text = text.Replace(assignment, "");
        return text.Replace(@"\emptyset", "{}").Replace(@"(-\infty,\infty)", @"\mathbb{R}");
    }

    /// <summary>Quirk: <c>+\inity</c> (sic) is what the reference looks for, so <c>+\infty</c> keeps its sign.</summary>
    private static string UnifyInfinity(string text)
    {
        text = text.Replace("infinity", @"\infty");
        if (!text.Contains(@"\infty", StringComparison.Ordinal)) text = text.Replace("inf", @"\infty");
        return text.Replace(@"+\inity", @"\infty");
    }

    /// <summary>Quirk: "and" goes wherever it stands, inside words too.</summary>
    private static string RemoveConjunctions(string text) =>
        ReplaceDelimited(text.Replace("and", "").Replace(@"\mathbf", ""), @"\mbox{", _ => "");

    /// <summary>The imaginary unit is <c>i</c>. Quirk: any j in a text without an i, be it a name or part of a word.</summary>
    private static string TakeJForI(string text) => text.Contains('i') ? text : text.Replace('j', 'i');

    /// <summary>
    /// <c>3.000</c> is 3. Quirk: a point between a digit and anything but a digit goes too (<c>3.x</c> is <c>3x</c>), but the character
    /// after a match takes no part in the next one.
    /// </summary>
    private static string DropZeroFractions(string text)
    {
        StringBuilder kept = new(text.Length);
        int copied = 0;
        int free = 0; // where the next match may start
        for (int point = 0; (point = text.IndexOf('.', point)) >= 0; point++)
        {
            if (point <= free || !IsDigitBefore(text, point)) continue;
            int end = EndOfZeros(text, point + 1);
            if (end == text.Length || PythonText.IsDigit(text, end)) continue;
            kept.Append(text, copied, point - copied);
            copied = end;
            free = end + PythonText.CodePointLength(text, end);
        }
        return DropTrailingZeroFraction(kept.Append(text, copied, text.Length - copied).ToString());
    }

    private static string DropTrailingZeroFraction(string text)
    {
        int point = text.Length - 1;
        while (point >= 0 && text[point] == '0') point--;
        return point > 0 && text[point] == '.' && IsDigitBefore(text, point) ? text[..point] : text;
    }

    private static int EndOfZeros(string text, int index)
    {
        while (index < text.Length && text[index] == '0') index++;
        return index;
    }

    private static bool IsDigitBefore(string text, int index) => PythonText.IsDigit(text, index - PythonText.CodePointLengthBefore(text, index));

    /// <summary><c>k = 5</c> is 5: the left side of a single equals sign goes if it has two characters at most, a space included.</summary>
    private static string DropShortLeftSide(string text)
    {
        int equals = text.IndexOf('=');
        if (equals < 0 || equals != text.LastIndexOf('=')) return text;
        int characters = 0;
        for (int i = 0; i < equals; i += PythonText.CodePointLength(text, i)) characters++;
        return characters <= 2 ? text[(equals + 1)..] : text;
    }

    /// <summary>
    /// <c>\sqrt5</c> is <c>\sqrt{5}</c>. Quirk: all word characters that follow go under the root (<c>\sqrt2x</c> is <c>\sqrt{2x}</c>).
    /// </summary>
    private static string BraceRoots(string text)
    {
        const string root = @"\sqrt";
        StringBuilder result = new(text.Length);
        int copied = 0;
        for (int i = 0; (i = text.IndexOf(root, i, StringComparison.Ordinal)) >= 0;)
        {
            i += root.Length;
            int end = PythonText.EndOfWord(text, i);
            if (end == i) continue;
            result.Append(text, copied, i - copied).Append('{').Append(text, i, end - i).Append('}');
            copied = i = end;
        }
        return result.Append(text, copied, text.Length - copied).ToString();
    }

    /// <summary>
    /// <c>\frac12</c> and <c>\frac1{2}</c> are <c>\frac{1}{2}</c>. Quirks: <c>\frac{1}2</c> stays, and one <c>\frac</c> with fewer than two
    /// characters after it leaves the whole text as it was.
    /// </summary>
    private static string BraceFractions(string text)
    {
        string[] pieces = text.Split(@"\frac");
        StringBuilder result = new(pieces[0], text.Length + 4 * pieces.Length);
        foreach (string piece in pieces.Skip(1))
        {
            result.Append(@"\frac");
            if (piece.StartsWith('{'))
            {
                result.Append(piece);
                continue;
            }
            int first = piece.Length == 0 ? 0 : PythonText.CodePointLength(piece, 0);
            if (first == piece.Length) return text;
            int second = first + PythonText.CodePointLength(piece, first);
            result.Append('{').Append(piece, 0, first).Append('}');
            if (piece[first] == '{') result.Append(piece, first, piece.Length - first);
            else result.Append('{').Append(piece, first, second - first).Append('}').Append(piece, second, piece.Length - second);
        }
        return result.ToString();
    }

    /// <summary>
    /// <c>a/b</c> is <c>\frac{a}{b}</c> if both sides are plainly written integers. Quirk: or any text with "sqrt" in it.
    /// </summary>
    private static string SlashToFraction(string text)
    {
        int slash = text.IndexOf('/');
        if (slash < 0 || slash != text.LastIndexOf('/')) return text;
        string numerator = text[..slash], denominator = text[(slash + 1)..];
        return IsFractionPart(numerator) && IsFractionPart(denominator) ? $@"\frac{{{numerator}}}{{{denominator}}}" : text;

        static bool IsFractionPart(string part) => part.Contains("sqrt", StringComparison.Ordinal) || IsPlainInteger(part);
    }

    /// <summary>An integer exactly as Python prints it: no plus sign, no leading zeros, no minus zero.</summary>
    private static bool IsPlainInteger(string text)
    {
        ReadOnlySpan<char> digits = text.AsSpan(text.StartsWith('-') ? 1 : 0);
        if (digits.Length is 0 or > PythonText.MaxIntegerDigits || digits.ContainsAnyExceptInRange('0', '9')) return false;
        return digits[0] != '0' || text == "0";
    }

    /// <summary>
    /// Replaces every <paramref name="open"/>…<c>}</c>, up to the first closing brace, by what <paramref name="replacement"/> makes of its
    /// content.
    /// </summary>
    private static string ReplaceDelimited(string text, string open, Func<string, string> replacement)
    {
        StringBuilder result = new(text.Length);
        int copied = 0;
        for (int i; (i = text.IndexOf(open, copied, StringComparison.Ordinal)) >= 0;)
        {
            int content = i + open.Length;
            int close = text.IndexOf('}', content);
            if (close < 0) break;
            result.Append(text, copied, i - copied).Append(replacement(text[content..close]));
            copied = close + 1;
        }
        return copied == 0 ? text : result.Append(text, copied, text.Length - copied).ToString();
    }
}
