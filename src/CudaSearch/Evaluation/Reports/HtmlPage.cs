using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace CudaSearch.Evaluation.Reports;

/// <summary>
/// The frame of every page that is written: one file with its style and script inside, light and dark, that asks the network for nothing. A content
/// security policy holds it to that: only the scripts given here run, by their digests, and no event handler in an attribute does.
/// </summary>
public static class HtmlPage
{
    /// <summary>The script that shows the <c>data-tip</c> of what the pointer or the keyboard's focus is on.</summary>
    public static string TooltipScript { get; } = Resource("tooltip.js");

    /// <summary>A whole document.</summary>
    /// <param name="title">Its title.</param>
    /// <param name="body">What stands in it; the style knows <c>header</c>, <c>section</c>, <c>figure</c>, <c>table</c> and the classes of <c>style.css</c>.</param>
    /// <param name="scripts">Scripts to run once the body is there, in order.</param>
    /// <param name="styles">What the page needs beyond the common style.</param>
    public static string Render(string title, Html body, IReadOnlyList<string>? scripts = null, string styles = "")
    {
        scripts ??= [];
        string allowed = scripts.Count == 0 ? "'none'" : string.Join(' ', scripts.Select(script => $"'sha256-{Digest(script)}'"));
        StringBuilder page = new(body.Length + 32768);
        page.Append(Html.Of($"""
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src
            """));
        page.Append(' ').Append(allowed).Append("\">\n<meta name=\"color-scheme\" content=\"light dark\">\n<link rel=\"icon\" href=\"data:,\">\n");
        page.Append("<title>").Append(Html.Escape(title)).Append("</title>\n<style>\n").Append(Resource("style.css")).Append(styles).Append("</style>\n</head>\n<body>\n");
        page.Append(body);
        foreach (string script in scripts) page.Append("\n<script>").Append(script).Append("</script>");
        return page.Append("\n</body>\n</html>\n").ToString();
    }

    /// <summary>
    /// Data for a script: <c>JSON.parse(document.getElementById(id).textContent)</c>. The writer escapes what could end the element, so any text may be
    /// in it; a script must put it into the page as text (<c>textContent</c>), never as markup.
    /// </summary>
    public static Html Data(string id, Action<Utf8JsonWriter> write)
    {
        using MemoryStream bytes = new();
        using (Utf8JsonWriter writer = new(bytes)) write(writer);
        string json = Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
        if (json.Contains('<')) throw new InvalidOperationException("the JSON holds a raw <, so it was not written by the escaping writer");
        return Html.Of($"<script type=\"application/json\" id=\"{id}\">").AddRaw(json).Add($"</script>\n");
    }

    /// <summary>A file that lies beside this class and is embedded in the library.</summary>
    internal static string Resource(string name)
    {
        using Stream stream = typeof(HtmlPage).Assembly.GetManifestResourceStream($"Reports/{name}")
            ?? throw new InvalidOperationException($"the library was built without {name}");
        using StreamReader reader = new(stream);
        return reader.ReadToEnd();
    }

    private static string Digest(string script) => Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(script)));
}
