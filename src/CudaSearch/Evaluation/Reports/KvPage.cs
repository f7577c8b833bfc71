using CudaSearch.Engine.Tracing;
using CudaSearch.Tokenization;

namespace CudaSearch.Evaluation.Reports;

/// <summary>The page of a trace: which sequences held which pages, pass by pass, and what that saved.</summary>
public static class KvPage
{
    /// <summary>The whole document.</summary>
    /// <param name="name">What the trace is called.</param>
    /// <param name="events">The trace.</param>
    /// <param name="tokenizer">Says what tokens are; null shows their ids.</param>
    /// <exception cref="CudaSearchException">The trace contradicts itself.</exception>
    public static string Render(string name, IReadOnlyList<TraceEvent> events, Tokenizer? tokenizer = null)
    {
        Html body = Html.Of($"<header><p class=\"kicker\">KV pages</p><h1>{name}</h1></header>\n");
        foreach (TraceEvent engine in events.Where(happened => happened.Event == "engine")) body.Add(Summary(engine, TraceTally.Of(events)[engine.Engine]));
        body.Add(TreePage.KvSection("Pass by pass"));
        if (events.Any(happened => happened.Pass > KvData.MostPasses)) body.Add($"<p class=\"small quiet\">The first {KvData.MostPasses:N0} passes are shown; <code>kv --json</code> has all.</p>\n");
        body.Add(HtmlPage.Data("kv-data", writer => KvData.Write(writer, events, tree: null, tokenizer)));
        return HtmlPage.Render($"KV pages: {name}", body, [HtmlPage.TooltipScript, HtmlPage.Resource("pages.js")], HtmlPage.Resource("pages.css"));
    }

    private static Html Summary(TraceEvent engine, TraceTotals totals)
    {
        if (totals.Passes == 0) return new Html();
        double mebibytes = (double)engine.PageBytes!.Value * (totals.HeldAlonePeak - totals.HeldPeak) / (1 << 20);
        Html tiles = Html.Of($"<section><h2>{(engine.Name == "prm" ? "Verifier" : "Generator")} <span class=\"quiet\">{engine.Model}</span></h2>\n<div class=\"tiles\">");
        Tile($"{totals.HeldPeak:N0}", $"pages held at most, {totals.HeldAlonePeak:N0} without sharing");
        Tile($"{mebibytes:0.0} MiB", "less memory at the peak");
        Tile($"{1 - ((double)totals.PageReads / Math.Max(1, totals.PageReadsAlone)):0.0 %}", "fewer page reads in attention");
        Tile($"{totals.Rows:N0}", $"tokens computed in {totals.Passes:N0} passes, {totals.RecomputedRows:N0} of them again");
        Tile($"{totals.Copied:N0}", $"pages copied on write, {totals.Evicted:N0} evicted, {totals.SetAside:N0} sequences set aside");
        return tiles.Add($"</div></section>\n");

        void Tile(FormattableString value, string label) => tiles.Add($"<div class=\"tile\"><b>{FormattableString.Invariant(value)}</b><span>{label}</span></div>");
    }
}
