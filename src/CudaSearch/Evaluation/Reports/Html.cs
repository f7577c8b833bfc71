using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace CudaSearch.Evaluation.Reports;

/// <summary>
/// Markup under construction. The literal parts of an interpolated string are markup; what stands in its holes is text, whatever it looks like, and is
/// escaped here and nowhere else. Only another <see cref="Html"/> goes in as it is.
/// </summary>
public sealed class Html
{
    private readonly StringBuilder _text = new();

    /// <summary>Characters so far.</summary>
    public int Length => _text.Length;

    /// <summary>Markup from one interpolated string.</summary>
    public static Html Of(MarkupHandler markup) => markup.Target;

    /// <summary>Appends markup: <c>html.Add($"&lt;td&gt;{answer}&lt;/td&gt;")</c>.</summary>
    public Html Add([InterpolatedStringHandlerArgument("")] MarkupHandler markup)
    {
        _ = markup;
        return this;
    }

    /// <summary>Appends other markup.</summary>
    public Html Add(Html other)
    {
        _text.Append(other._text);
        return this;
    }

    /// <summary>Appends what is markup already, such as JSON whose writer escaped it.</summary>
    internal Html AddRaw(string markup)
    {
        _text.Append(markup);
        return this;
    }

    /// <summary>Appends markup for every item.</summary>
    public Html AddEach<T>(IEnumerable<T> items, Func<T, Html> render)
    {
        foreach (T item in items) Add(render(item));
        return this;
    }

    /// <summary>A text as it must stand in markup, between tags or in a quoted attribute.</summary>
    public static string Escape(string text)
    {
        StringBuilder escaped = new(text.Length);
        AppendEscaped(escaped, text);
        return escaped.ToString();
    }

    /// <summary>The markup.</summary>
    public override string ToString() => _text.ToString();

    private static void AppendEscaped(StringBuilder to, string text)
    {
        foreach (char c in text)
        {
            switch (c)
            {
                case '&': to.Append("&amp;"); break;
                case '<': to.Append("&lt;"); break;
                case '>': to.Append("&gt;"); break;
                case '"': to.Append("&quot;"); break;
                case '\'': to.Append("&#39;"); break;
                // HTML has no way to write these; models have.
                case < ' ' when c is not ('\n' or '\t'): to.Append('\uFFFD'); break;
                default: to.Append(c); break;
            }
        }
    }

    /// <summary>Takes interpolated strings apart. Used by the compiler.</summary>
    [InterpolatedStringHandler]
    public readonly struct MarkupHandler
    {
        /// <summary>For new markup.</summary>
        public MarkupHandler(int literalLength, int formattedCount)
            : this(literalLength, formattedCount, new Html())
        {
        }

        /// <summary>For markup that is appended to.</summary>
        public MarkupHandler(int literalLength, int formattedCount, Html target)
        {
            _ = literalLength;
            _ = formattedCount;
            Target = target;
        }

        internal Html Target { get; }

        /// <summary>Markup.</summary>
        public void AppendLiteral(string markup) => Target._text.Append(markup);

        /// <summary>Text.</summary>
        public void AppendFormatted(string? text) => AppendEscaped(Target._text, text ?? "");

        /// <summary>Markup made before.</summary>
        public void AppendFormatted(Html? markup)
        {
            if (markup is not null) Target._text.Append(markup._text);
        }

        /// <summary>A number or the like, in the invariant culture.</summary>
        public void AppendFormatted<T>(T value, string? format = null) =>
            AppendFormatted(value is IFormattable number ? number.ToString(format, CultureInfo.InvariantCulture) : value?.ToString());
    }
}
