using System.Text.Json;
using CudaSearch.Engine.Tracing;
using CudaSearch.Tokenization;

namespace CudaSearch.Evaluation.Reports;

/// <summary>The page of one problem's search, or of two side by side, with the pages of its caches where a trace was recorded.</summary>
public static class TreePage
{
    /// <summary>The whole document.</summary>
    /// <param name="runs">One or two searches of the same problem.</param>
    /// <param name="trace">A trace of the first one's search; null for none.</param>
    /// <param name="tokenizer">Of the model that wrote the steps: says what the trace's tokens are; null shows their ids.</param>
    /// <exception cref="CudaSearchException">The searches are of different problems.</exception>
    public static string Render(IReadOnlyList<TreeRun> runs, IReadOnlyList<TraceEvent>? trace = null, Tokenizer? tokenizer = null)
    {
        TreeRun first = runs[0];
        if (runs.FirstOrDefault(run => run.Problem != first.Problem) is { } other)
            throw CudaSearchException.BadInput($"the two runs' problems differ: \"{Beginning(first.Problem)}\" and \"{Beginning(other.Problem)}\"");
        Html body = Html.Of($"<header><p class=\"kicker\">Search tree · {string.Join(" and ", runs.Select(run => run.Title))}</p><h1 id=\"problem\">{first.Problem}</h1>\n");
        if (runs.Count == 1) body.Add(Answer(first)).Add(Tiles(first));
        else if (first.Reference is not null) body.Add($"<p class=\"answer quiet\">The reference answer is <b data-math>${first.Reference}$</b>.</p>");
        body.Add($"</header>\n").Add(TimeBar(runs.Any(run => run.Scored)));
        body.Add($"<main id=\"search\"></main>\n");
        if (trace is not null) body.Add(KvSection("What the caches held while it ran"));
        body.Add($"<footer>{Footer(runs)}</footer>\n");
        body.Add(HtmlPage.Data("data", writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("problem", first.Problem);
            writer.WriteStartArray("runs");
            foreach (TreeRun run in runs) run.Write(writer);
            writer.WriteEndArray();
            writer.WriteEndObject();
        }));
        string[] scripts = ["math.js", "tree.js"];
        string styles = HtmlPage.Resource("tree.css");
        if (trace is not null)
        {
            body.Add(HtmlPage.Data("kv-data", writer => KvData.Write(writer, trace, first.Tree, tokenizer)));
            scripts = ["math.js", "pages.js", "tree.js"];
            styles += HtmlPage.Resource("pages.css");
        }
        return HtmlPage.Render($"Search tree: {Beginning(first.Problem)}", body, [HtmlPage.TooltipScript, .. scripts.Select(HtmlPage.Resource)], styles);
    }

    /// <summary>Where <c>pages.js</c> draws.</summary>
    internal static Html KvSection(string title) => Html.Of($"""
        <section id="pages"><h2>{title}</h2>
        <p class="quiet">Keys and values lie in pages. Each row is a sequence, each box one of its pages, under the position of its first token; a box across several rows is one page that they share, and a half-filled box a half-filled page.</p>
        </section>

        """);

    private static string Beginning(string text) => text.Length <= 60 ? text : text[..60] + "…";

    private static Html Answer(TreeRun run)
    {
        Html verdict = run.Right switch
        {
            true => Html.Of($" <span class=\"good\">which is right</span>"),
            false => Html.Of($" <span class=\"bad\">which is wrong: the reference is <span data-math>${run.Reference}$</span></span>"),
            _ => new Html(),
        };
        return Html.Of($"<p class=\"answer\">The search answers <b data-math>${run.Final}$</b>{verdict}.</p>\n");
    }

    private static Html Tiles(TreeRun run)
    {
        JsonElement usage = run.Record.GetProperty("usage");
        long pages = usage.GetProperty("kv_pages_peak").GetInt64(), alone = usage.GetProperty("kv_pages_peak_without_sharing").GetInt64();
        Html tiles = Html.Of($"<div class=\"tiles\">");
        Tile($"{run.Tree.Nodes.Count:N0}", $"steps in {run.Tree.Completions.Count:N0} answers");
        Tile($"{usage.GetProperty("generated_tokens").GetInt64():N0}", "tokens written");
        if (run.Prm is not null) Tile($"{usage.GetProperty("prm_tokens").GetInt64():N0}", $"tokens judged, {usage.GetProperty("prm_tokens_without_reuse").GetInt64():N0} without reuse");
        Tile($"{pages:N0}", $"KV pages at most, {alone:N0} without sharing");
        Tile($"{usage.GetProperty("seconds").GetDouble():0.00} s", $"on {run.Record.GetProperty("device")}");
        return tiles.Add($"</div>\n");

        void Tile(FormattableString value, string label) => tiles.Add($"<div class=\"tile\"><b>{FormattableString.Invariant(value)}</b><span>{label}</span></div>");
    }

    private static Html TimeBar(bool scored)
    {
        Html bar = Html.Of($"""
            <div class="bar time">
            <b id="iteration-label"></b>
            <button type="button" id="first" aria-label="first iteration">⇤</button><button type="button" id="back" aria-label="iteration before">‹</button>
            <input type="range" id="iteration" min="0" max="0" value="0" aria-label="iteration">
            <button type="button" id="forward" aria-label="next iteration">›</button><button type="button" id="last" aria-label="last iteration">⇥</button>
            <button type="button" id="play" aria-pressed="false">Play</button>

            """);
        if (scored) bar.Add($"<span class=\"scale small quiet\">score 0 <i></i> 1</span>\n");
        return bar.Add($"</div>\n");
    }

    private static Html Footer(IReadOnlyList<TreeRun> runs)
    {
        Html footer = new();
        foreach (TreeRun run in runs)
        {
            JsonElement record = run.Record;
            string judged = run.Prm is { } prm ? $", judged by {prm}" : "";
            footer.Add($"<p>{run.Title}: {record.GetProperty("model")}{judged} on {record.GetProperty("device")}. <span class=\"mono\">{record.GetProperty("settings")}</span></p>\n");
        }
        return footer.Add($"<p>Arrow keys left and right go through the iterations, up and down through the steps. A line is as thick as the share of the vote that goes through it.</p>");
    }
}
