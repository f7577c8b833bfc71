namespace CudaSearch.Answers.Algebra;

/// <summary>What LaTeX commands, Unicode characters and plain words mean in an answer.</summary>
internal static class LatexVocabulary
{
    /// <summary>Commands that only change looks or spacing.</summary>
    private static readonly HashSet<string> s_ignored = new(StringComparer.Ordinal)
    {
        "left", "right", "big", "Big", "bigg", "Bigg", "bigl", "bigr", "Bigl", "Bigr", "biggl", "biggr", "displaystyle", "textstyle",
        "limits", "nolimits", "quad", "qquad",
        "mathbf", "mathit", "mathsf", "mathcal", "boldsymbol", "bm", "vec", "hat", "boxed", "fbox", "middle", "rm", "bf", "it", "hfill",
        "phantom", "mathstrut", "strut",
        "overrightarrow", "underline", "emph", "hspace", "thinspace", "tag", "nonumber", "hline",
    };

    private static readonly HashSet<string> s_text = new(StringComparer.Ordinal)
    {
        "text", "textbf", "textit", "textrm", "textnormal", "texttt", "textsf", "mbox", "hbox", "mathrm", "operatorname", "mathop",
    };

    private static readonly HashSet<string> s_functions = new(StringComparer.Ordinal)
    {
        "sin", "cos", "tan", "cot", "sec", "csc", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "ln", "log", "lg", "exp", "arccot",
        "gcd", "lcm", "max", "min", "det",
    };

    private static readonly HashSet<string> s_commands = new(StringComparer.Ordinal)
    {
        "frac", "sqrt", "binom", "overline", "begin", "end", "sum", "prod", "int", "lim",
    };

    private static readonly Dictionary<string, string> s_aliases = new(StringComparer.Ordinal)
    {
        ["dfrac"] = "frac", ["tfrac"] = "frac", ["cfrac"] = "frac", ["dbinom"] = "binom", ["tbinom"] = "binom", ["varphi"] = "phi",
        ["varepsilon"] = "epsilon", ["vartheta"] = "theta",
        ["bar"] = "overline", ["root"] = "sqrt",
    };

    /// <summary>Commands that are one sign, in the spelling of <see cref="Token"/>.</summary>
    private static readonly Dictionary<string, char> s_signs = new(StringComparer.Ordinal)
    {
        ["cdot"] = '*', ["times"] = '*', ["ast"] = '*', ["div"] = '/', ["pm"] = '±', ["mp"] = '∓', ["cup"] = '∪', ["bigcup"] = '∪',
        ["vee"] = '∪', ["lor"] = '∪', ["circ"] = '°', ["degree"] = '°', ["colon"] = ':',
        ["langle"] = '⟨', ["rangle"] = '⟩', ["lfloor"] = '⌊', ["rfloor"] = '⌋', ["lceil"] = '⌈', ["rceil"] = '⌉', ["lbrace"] = '⦃',
        ["rbrace"] = '⦄', ["vert"] = '|', ["lvert"] = '|', ["rvert"] = '|', ["mid"] = '|',
        ["lbrack"] = '[', ["rbrack"] = ']', ["lparen"] = '(', ["rparen"] = ')', ["prime"] = '\'', ["setminus"] = '∖', ["cap"] = '∩',
        ["eq"] = '=', ["approx"] = '≈', ["simeq"] = '≈', ["ne"] = '≠', ["neq"] = '≠', ["lt"] = '<', ["gt"] = '>', ["le"] = '≤',
        ["leq"] = '≤', ["leqslant"] = '≤', ["ge"] = '≥', ["geq"] = '≥', ["geqslant"] = '≥',
        ["in"] = '∈', ["equiv"] = '=', ["infty"] = '∞', ["pi"] = 'π', ["emptyset"] = '∅', ["varnothing"] = '∅',
    };

    /// <summary>Characters beyond ASCII that have a LaTeX or plain spelling.</summary>
    private static readonly Dictionary<char, string> s_characters = new()
    {
        ['−'] = "-", ['–'] = "-", ['×'] = "*", ['·'] = "*", ['⋅'] = "*", ['÷'] = "/", ['√'] = @"\sqrt ", ['²'] = "^2 ", ['³'] = "^3 ",
        ['º'] = "°", ['，'] = ",", ['；'] = ";", ['（'] = "(", ['）'] = ")",
        ['½'] = @"\frac12 ", ['¼'] = @"\frac14 ", ['¾'] = @"\frac34 ", ['⅓'] = @"\frac13 ", ['⅔'] = @"\frac23 ", ['ℝ'] = @"\mathbb{R}",
        ['\u00a0'] = " ", ['\u2009'] = " ",
    };

    /// <summary>Plain words that are no product of letters. A word of two letters is one only where no variables would be called so.</summary>
    private static readonly Dictionary<string, string> s_words = new(StringComparer.OrdinalIgnoreCase)
    {
        ["sqrt"] = @"\sqrt", ["pi"] = @"\pi", ["infinity"] = @"\infty", ["inf"] = @"\infty", ["sin"] = @"\sin", ["cos"] = @"\cos",
        ["tan"] = @"\tan", ["ln"] = @"\ln", ["log"] = @"\log",
        ["arcsin"] = @"\arcsin", ["arccos"] = @"\arccos", ["arctan"] = @"\arctan",
        ["percent"] = "%", ["percentage"] = "%", ["pct"] = "%", ["degree"] = "°", ["degrees"] = "°", ["and"] = "&", ["or"] = "&",
    };

    /// <summary>Whether a command only changes looks.</summary>
    public static bool IsIgnored(string command) => s_ignored.Contains(command);

    /// <summary>Whether a command's argument is words.</summary>
    public static bool IsText(string command) => s_text.Contains(command);

    /// <summary>Whether a command is a function's name.</summary>
    public static bool IsFunction(string command) => s_functions.Contains(command);

    /// <summary>Whether a command takes arguments that the parser knows.</summary>
    public static bool IsCommand(string command) => s_commands.Contains(command);

    /// <summary>The usual spelling of a command.</summary>
    public static string Usual(string command) => s_aliases.GetValueOrDefault(command, command);

    /// <summary>The one sign a command stands for; null for other commands.</summary>
    public static char? SignOf(string command) => s_signs.TryGetValue(command, out char sign) ? sign : null;

    /// <summary>Another spelling of a character; null where it has none.</summary>
    public static string? SpellingOf(char c) => s_characters.GetValueOrDefault(c);

    /// <summary>The spelling of a plain word that is not a product of letters: a command, or one sign; null for other words.</summary>
    public static string? MeaningOf(string word) => s_words.GetValueOrDefault(word);
}
