using System.Text.Json;
using CudaSearch.Engine.Tracing;
using CudaSearch.Evaluation;
using CudaSearch.Evaluation.Reports;
using CudaSearch.Search;
using CudaSearch.Tests.Browser;
using CudaSearch.Tests.Checkpoints;
using CudaSearch.TinyMath;

namespace CudaSearch.Tests.Evaluation.Reports;

/// <summary>The page of a trace, opened and compared with the trace itself.</summary>
public sealed class KvPageTests(Chromium chromium) : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("64MiB")]
    [InlineData("4MiB")]
    public async Task Every_pass_on_the_page_is_as_the_trace_says(string memory)
    {
        IReadOnlyList<TraceEvent> trace = await RecordAsync(memory);
        using JsonDocument data = JsonDocument.Parse(Json(trace));
        JsonElement generator = data.RootElement.GetProperty("engines")[0];
        TraceEvent[] plans = [.. trace.Where(happened => happened is { Engine: 0, Event: "plan", Pass: not null })];
        TraceEvent[] passes = [.. trace.Where(happened => happened is { Engine: 0, Event: "pass" })];
        JsonElement[] shown = [.. generator.GetProperty("passes").EnumerateArray()];
        Assert.Equal(plans.Select(plan => (plan.Pass, plan.Held, plan.HeldAlone, plan.Used, plan.Sequences)), shown.Select(pass => (
            (long?)Get(pass, "pass"), (int?)Get(pass, "held"), (int?)Get(pass, "held_alone"), (int?)Get(pass, "used"), (int?)Get(pass, "sequences"))));
        Assert.Equal(passes.Select(pass => (pass.Rows, pass.Items, pass.PageReads, pass.PageReadsAlone)), shown.Select(pass => (
            (int?)Get(pass, "rows"), (int?)pass.GetProperty("items").GetArrayLength(), (int?)Get(pass, "page_reads"), (int?)Get(pass, "page_reads_alone"))));
        // The tables, put together from what changed, hold as many distinct pages as the engine counted.
        var tables = new Dictionary<long, int[]>();
        foreach (JsonElement pass in shown)
        {
            if (pass.TryGetProperty("gone", out JsonElement gone)) foreach (JsonElement id in gone.EnumerateArray()) tables.Remove(id.GetInt64());
            if (pass.TryGetProperty("tables", out JsonElement changed))
                foreach (JsonElement table in changed.EnumerateArray()) tables[table[0].GetInt64()] = [.. table[2].EnumerateArray().Select(page => page.GetInt32())];
            Assert.Equal(Get(pass, "held"), tables.Values.SelectMany(pages => pages).Distinct().Count());
            // Each item's pages are read once.
            Assert.Equal(Get(pass, "page_reads"), pass.GetProperty("items").EnumerateArray().Sum(item => item[2].GetArrayLength()));
        }

        await using BrowserPage page = await chromium.OpenAsync(_folder.Write("kv.html", KvPage.Render("a trace", trace)));
        for (int i = 0; i < plans.Length; i += 7)
        {
            string facts = await page.EvaluateAsync<string>($"pagesView.show({i}), document.querySelector('.facts-line').textContent");
            Assert.StartsWith($"{passes[i].Rows} token", facts);
            Assert.Equal($"{plans[i].Held} {plans[i].HeldAlone} {passes[i].PageReads}", await page.EvaluateAsync<string>("['held-now', 'alone-now', 'reads-now'].map(c => document.querySelector('.' + c).textContent.replaceAll(',', '')).join(' ')"));
            Assert.Equal(plans[i].Held, await page.EvaluateAsync<int>("new Set([...document.querySelectorAll('.page')].map(cell => cell.dataset.page)).size"));
        }
        await page.AssertQuiet();
    }

    [Fact]
    public async Task A_trace_is_clicked_through()
    {
        IReadOnlyList<TraceEvent> trace = await RecordAsync("4MiB");
        string file = _folder.Write("kv.html", KvPage.Render("</script><script>document.title='broken'</script>", trace));
        foreach ((int width, bool dark) in ((int, bool)[])[(1280, false), (1280, true), (400, false)])
        {
            await using BrowserPage page = await chromium.OpenAsync(file, width, dark);
            string pass = await page.EvaluateAsync<string>("document.querySelector('.kv .bar b').textContent");
            await page.ClickAsync(".kv .bar button:last-child");
            Assert.NotEqual(pass, await page.EvaluateAsync<string>("document.querySelector('.kv .bar b').textContent"));
            await page.ClickAsync(".over-time");
            await page.HoverAsync(".page");
            Assert.Matches("Page \\d+ · positions \\d+ to \\d+", await page.EvaluateAsync<string>("document.querySelector('.cell-detail').textContent"));
            await page.ClickAsync(".plan summary");
            await page.ClickAsync("#kv-prm");
            await page.ClickAsync("#kv-generator");
            await page.ScreenshotAsync($"kv-{width}{(dark ? "-dark" : "")}");
            Assert.DoesNotContain("broken", (await page.EvaluateAsync<string>("document.title"))[..6]);
            await page.AssertQuiet();
        }
    }

    private static long Get(JsonElement pass, string name) => pass.GetProperty(name).GetInt64();

    private static byte[] Json(IReadOnlyList<TraceEvent> trace)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream)) KvData.Write(writer, trace);
        return stream.ToArray();
    }

    private static async Task<IReadOnlyList<TraceEvent>> RecordAsync(string memory)
    {
        var trace = new TraceList();
        using Workbench workbench = Workbench.Open(new WorkbenchOptions { Device = "cpu", Memory = memory });
        workbench.StartTrace(trace);
        using var solver = new ProblemSolver(workbench, new RunSettings { Strategy = "beam", Search = new() { N = 16, BeamWidth = 4 } });
        await Task.WhenAll(TinyMathDataset.HeldOut().Skip(30).Take(2).Select(problem => solver.SolveAsync(problem.Problem, new SearchTree(), TestContext.Current.CancellationToken)));
        return trace.Events;
    }
}
