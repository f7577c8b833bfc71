using CudaSearch.Evaluation.Reports;
using CudaSearch.Tests.Browser;
using CudaSearch.Tests.Checkpoints;

namespace CudaSearch.Tests.Evaluation.Reports;

public sealed class HtmlPageTests(Chromium chromium)
{
    private const string Hostile = "</script><script>document.title = 'broken'</script><img src=x onerror=\"document.title='broken'\">&amp; '\" <b>\u0001";

    [Fact]
    public void WhatStandsInAHoleIsText()
    {
        Html inner = Html.Of($"<b>{"<i>"}</b>");
        Assert.Equal("<p title=\"&lt;&quot;&#39;&amp;&gt;\"><b>&lt;i&gt;</b> 1.50</p>", Html.Of($"<p title=\"{"<\"'&>"}\">{inner} {1.5:0.00}</p>").ToString());
        Assert.Equal("a\uFFFDb\n", Html.Escape("a\u0000b\n"));
    }

    [Fact]
    public async Task HostileTextIsShownAndNothingOfItRuns()
    {
        Html body = Html.Of($"<p id=\"text\">{Hostile}</p><p id=\"copy\" title=\"{Hostile}\"></p>").Add(HtmlPage.Data("data", writer => writer.WriteStringValue(Hostile)));
        string page = HtmlPage.Render(Hostile, body, ["copy.textContent = JSON.parse(data.textContent);"]);
        using TempFolder folder = new();
        await using BrowserPage shown = await chromium.OpenAsync(folder.Write("page.html", page));
        string seen = Hostile.Replace('\u0001', '\uFFFD');
        Assert.Equal(seen, await shown.EvaluateAsync<string>("text.textContent"));
        Assert.Equal(seen, await shown.EvaluateAsync<string>("copy.title"));
        Assert.Equal(Hostile, await shown.EvaluateAsync<string>("copy.textContent"));
        Assert.NotEqual("broken", await shown.EvaluateAsync<string>("document.title"));
        await shown.AssertQuiet();
    }

    [Fact]
    public async Task EvenMarkupThatSlippedInDoesNotRun()
    {
        // Escaping is the first wall; this is the second.
        string page = HtmlPage.Render("safe", Html.Of($"<p>body</p>")).Replace("<p>body</p>", Hostile, StringComparison.Ordinal);
        using TempFolder folder = new();
        await using BrowserPage shown = await chromium.OpenAsync(folder.Write("page.html", page));
        Assert.Equal("safe", await shown.EvaluateAsync<string>("document.title"));
        Assert.NotEmpty(shown.Complaints);
    }
}
