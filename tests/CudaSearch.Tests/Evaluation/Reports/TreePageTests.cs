using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using CudaSearch.Engine.Tracing;
using CudaSearch.Evaluation;
using CudaSearch.Evaluation.Reports;
using CudaSearch.Search;
using CudaSearch.Tests.Browser;
using CudaSearch.Tests.Checkpoints;
using CudaSearch.TinyMath;

namespace CudaSearch.Tests.Evaluation.Reports;

/// <summary>The page of a search, opened, clicked through and looked at.</summary>
public sealed class TreePageTests(Chromium chromium, ITestOutputHelper output) : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("beam")]
    [InlineData("best-of-n")]
    [InlineData("particle-filtering")]
    [InlineData("mcts")]
    [InlineData("majority")]
    [InlineData("confidence")]
    public async Task The_numbers_on_the_page_are_those_of_the_record(string strategy)
    {
        (JsonElement record, IReadOnlyList<TraceEvent> trace) = await SolveAsync(strategy);
        await using BrowserPage page = await OpenAsync([TreeRun.Read(record, "here")], trace);
        JsonElement usage = record.GetProperty("usage");
        JsonElement[] nodes = [.. record.GetProperty("tree").GetProperty("nodes").EnumerateArray()];
        int last = nodes.Max(node => Math.Max(Number(node, "iteration"), node.TryGetProperty("decided", out JsonElement decided) ? decided.GetInt32() : 0));
        Assert.Equal(usage.GetProperty("generated_tokens").GetInt64(), nodes.Sum(node => Number(node, "tokens")));
        await page.ClickAsync("#first");
        for (int iteration = 0; iteration <= last; iteration++)
        {
            JsonElement[] written = [.. nodes.Where(node => Number(node, "iteration") <= iteration)];
            int Decided(string state) => written.Count(node => node.GetProperty("state").GetString() == state && Number(node, "decided") <= iteration);
            string status = await page.EvaluateAsync<string>("document.querySelector('.status').textContent");
            Assert.StartsWith(Invariant($"{written.Length:N0} steps · {written.Sum(node => Number(node, "tokens")):N0} tokens · {Decided("finished")} finished"), status);
            if (Decided("pruned") is > 0 and var pruned) Assert.Contains($"{pruned} pruned", status);
            Assert.Equal($"Iteration {iteration + 1} of {last + 1}", await page.EvaluateAsync<string>("document.getElementById('iteration-label').textContent"));
            // What is seen is what was written by then: equal steps after equal steps are one.
            Assert.Equal(
                written.Select(node => Path(nodes, node)).Distinct().Count(), await page.EvaluateAsync<int>("document.querySelectorAll('.node:not(.future)').length"));
            await page.PressAsync("ArrowRight");
        }
        string tiles = await page.EvaluateAsync<string>("document.querySelector('.tiles').innerText");
        foreach (string number in (string[])["generated_tokens", "kv_pages_peak", "kv_pages_peak_without_sharing"])
            Assert.Contains(Invariant($"{usage.GetProperty(number).GetInt64():N0}"), tiles);
        Assert.Equal(1, await page.EvaluateAsync<double>("searchViews[0].run.votes.reduce((sum, vote) => sum + (searchViews[0].run.scored ? vote.weight_share : vote.count_share), 0)"), 9);
        await page.AssertQuiet();
    }

    [Fact]
    public async Task A_search_is_clicked_through()
    {
        (JsonElement record, IReadOnlyList<TraceEvent> trace) = await SolveAsync("beam");
        TreeRun[] runs = [TreeRun.Read(record, "here")];
        foreach ((int width, bool dark) in ((int, bool)[])[(1280, false), (1280, true), (400, false), (400, true)])
        {
            await using BrowserPage page = await OpenAsync(runs, trace, width, dark);
            string chosen = await page.EvaluateAsync<string>("document.querySelector('.path > li.last .text').textContent");
            Assert.Contains("final answer", chosen);
            await page.ScreenshotAsync($"tree-{width}{(dark ? "-dark" : "")}");
            await page.ClickAsync("#first");
            int first = await page.EvaluateAsync<int>("document.querySelectorAll('.node:not(.future)').length");
            await page.ClickAsync("#forward");
            Assert.True(await page.EvaluateAsync<int>("document.querySelectorAll('.node:not(.future)').length") > first);
            await page.ClickAsync("#last");
            await page.ClickAsync(".node.pruned");
            Assert.Matches("pruned in iteration [1-9]", await page.EvaluateAsync<string>("document.querySelector('.facts').textContent"));
            await page.PressAsync("ArrowUp");
            await page.ClickAsync(".vote:last-child");
            await page.ClickAsync("#play");
            await page.ClickAsync("#play");
            await page.HoverAsync(".map .page:last-child");
            Assert.Contains("positions", await page.EvaluateAsync<string>("document.querySelector('.cell-detail').textContent"));
            Assert.True(await page.EvaluateAsync<int>("document.querySelectorAll('.node.on-page').length") > 0, "no step lights up");
            await page.ClickAsync("#kv-prm");
            await page.ClickAsync(".plan summary");
            Assert.True(await page.EvaluateAsync<int>("document.querySelectorAll('.plan tbody tr').length") > 0);
            await page.ClickAsync("#kv-generator");
            await page.AssertQuiet();
        }
    }

    [Fact]
    public async Task Two_methods_stand_side_by_side()
    {
        TreeRun[] runs = [TreeRun.Read((await SolveAsync("beam")).Record, "here"), TreeRun.Read((await SolveAsync("best-of-n")).Record, "there")];
        foreach (int width in (int[])[1280, 400])
        {
            await using BrowserPage page = await OpenAsync(runs, trace: null, width);
            Assert.Equal(["beam · n 8 · seed 42", "best-of-n · n 8 · seed 42"], await page.EvaluateAsync<string[]>("[...document.querySelectorAll('.run > h2')].map(h => h.textContent)"));
            await page.ClickAsync("#first");
            await page.PressAsync("End");
            await page.ClickAsync("#run-1 .node");
            await page.ScreenshotAsync($"compare-{width}");
            await page.AssertQuiet();
        }
    }

    [Fact]
    public void Runs_of_different_problems_are_not_compared()
    {
        TreeRun one = TreeRun.Read(Synthetic("1+1?", 4, i => $"step {i}\n\n"), "here"), other = TreeRun.Read(Synthetic("2+2?", 4, i => $"step {i}\n\n"), "there");
        Assert.Contains("differ", Assert.Throws<CudaSearchException>(() => TreePage.Render([one, other])).Message);
    }

    [Fact]
    public async Task What_a_model_wrote_is_text_whatever_it_looks_like()
    {
        const string Hostile = "</script><script>document.title='broken'</script><img src=x onerror=\"document.title='broken'\"> $\\text{<script>document.title='broken'</script>}$ **<b>**\n\n";
        JsonElement record = Synthetic(Hostile, 12, i => $"{i}{Hostile}");
        await using BrowserPage page = await OpenAsync([TreeRun.Read(record, "here")], trace: null);
        Assert.StartsWith("Search tree: </script>", await page.EvaluateAsync<string>("document.title"));
        Assert.Contains("</script><script>document.title='broken'</script><img", await page.EvaluateAsync<string>("document.querySelector('.path .text').textContent"));
        Assert.Contains("<script>", await page.EvaluateAsync<string>("document.querySelector('.path math mtext').textContent"));
        Assert.Equal(0, await page.EvaluateAsync<int>("document.querySelectorAll('img, .node script, .path script, h1 script').length"));
        await page.ScreenshotAsync("tree-hostile");
        await page.AssertQuiet();
    }

    [Fact]
    public async Task Five_hundred_steps_stay_smooth()
    {
        JsonElement record = Synthetic("Which of 500 steps?", 500, i => $"## Step {i}: Try\nLet $x_{{{i}}} = \\frac{{{i}}}{{\\sqrt{{{i + 1}}}}}$.\n\n");
        await using BrowserPage page = await OpenAsync([TreeRun.Read(record, "here")], trace: null);
        Assert.Equal(500, await page.EvaluateAsync<int>("document.querySelectorAll('.node').length"));
        double layout = await page.EvaluateAsync<double>("performance.getEntriesByName('layout')[0].duration");
        // From a step in time to the frame that shows it.
        double[] frames = await page.EvaluateAsync<double[]>("""
            (async () => {
              const slider = document.getElementById("iteration"), times = [];
              for (let i = 0; i <= Number(slider.max); i++) {
                await new Promise(requestAnimationFrame);
                const start = performance.now();
                slider.value = i;
                slider.dispatchEvent(new Event("input"));
                await new Promise(shown => requestAnimationFrame(() => { document.body.offsetHeight; shown(); }));
                times.push(performance.now() - start);
              }
              return times;
            })()
            """);
        double script = await page.EvaluateAsync<double>("Math.max(...performance.getEntriesByName('step').map(step => step.duration))");
        output.WriteLine(Invariant($"layout {layout:0.0} ms; a step in time {frames.Average():0.0} ms on average, {frames.Max():0.0} ms at most until it is drawn, of which script at most {script:0.0} ms"));
        await page.ScreenshotAsync("tree-500");
        // How fast it draws is the machine's; what must not happen is a new layout of the tree at every step.
        Assert.Equal(1, await page.EvaluateAsync<int>("performance.getEntriesByName('layout').length"));
        await page.AssertQuiet();
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static int Number(JsonElement node, string name) => node.GetProperty(name).GetInt32();

    private static string Path(JsonElement[] nodes, JsonElement node)
    {
        JsonElement parent = node.GetProperty("parent");
        return (parent.ValueKind == JsonValueKind.Null ? "" : Path(nodes, nodes[parent.GetInt32()]) + "\u0001") + node.GetProperty("step").GetString();
    }

    private async Task<BrowserPage> OpenAsync(IReadOnlyList<TreeRun> runs, IReadOnlyList<TraceEvent>? trace, int width = 1280, bool dark = false)
    {
        string path = _folder.Write($"{Guid.NewGuid():n}.html", TreePage.Render(runs, trace));
        return await chromium.OpenAsync(path, width, dark);
    }

    private static async Task<(JsonElement Record, IReadOnlyList<TraceEvent> Trace)> SolveAsync(string strategy)
    {
        var trace = new TraceList();
        using Workbench workbench = Workbench.Open(new WorkbenchOptions { Device = "cpu", Prm = strategy is "majority" or "confidence" ? null : Workbench.TinyMath });
        workbench.StartTrace(trace);
        using var solver = new ProblemSolver(workbench, new RunSettings { Strategy = strategy, RecordTree = true, Search = new() { N = 8, BeamWidth = 4 } });
        SolveRecord record = await solver.SolveAsync(TinyMathDataset.HeldOut()[31].Problem, new SearchTree(), TestContext.Current.CancellationToken);
        return (Json(writer => record.Write(writer)), trace.Events);
    }

    /// <summary>A record with a tree of so many steps that no two of are alike.</summary>
    private static JsonElement Synthetic(string problem, int steps, Func<int, string> text)
    {
        var nodes = new JsonArray();
        for (int i = 0; i < steps; i++)
        {
            int? parent = i < 8 ? null : (i - 8) / 2;
            int iteration = parent is null ? 0 : (int)nodes[parent.Value]!["iteration"]! + 1;
            bool leaf = (2 * i) + 8 >= steps;
            var node = new JsonObject
            {
                ["parent"] = parent, ["beam"] = i % 16, ["iteration"] = iteration, ["step"] = text(i), ["tokens"] = 10 + (i % 7),
                ["scores_kept"] = 0, ["scores"] = new JsonArray((i * 37 % 100) / 100.0), ["score"] = (i * 37 % 100) / 100.0,
                ["state"] = !leaf ? "active" : i % 3 == 0 ? "finished" : "pruned",
            };
            if (leaf) (node["reason"], node["decided"]) = (i % 3 == 0 ? "end_of_sequence" : "outscored", iteration);
            nodes.Add(node);
        }
        int[] ends = [.. Enumerable.Range(0, steps).Where(i => (2 * i) + 8 >= steps && i % 3 == 0).Take(16)];
        JsonArray List(Func<int, JsonNode> make) => new([.. ends.Select(make)]);
        var record = new JsonObject
        {
            ["problem"] = problem, ["strategy"] = "beam", ["n"] = ends.Length, ["seed"] = 1, ["settings"] = "none", ["device"] = "none", ["model"] = "made up", ["prm"] = "made up",
            ["final_answer"] = $"{ends[0] % 5}", ["completions"] = List(i => $"\\boxed{{{i % 5}}}"), ["agg_scores"] = List(i => (i * 37 % 100) / 100.0),
            ["usage"] = new JsonObject
            {
                ["seconds"] = 1, ["generated_tokens"] = 1, ["prm_tokens"] = 1, ["prm_tokens_without_reuse"] = 1, ["kv_pages_peak"] = 1, ["kv_pages_peak_without_sharing"] = 1,
            },
            ["tree"] = new JsonObject { ["nodes"] = nodes, ["completions"] = List(i => i) },
        };
        return JsonSerializer.SerializeToElement(record);
    }

    private static JsonElement Json(Action<Utf8JsonWriter> write)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream)) write(writer);
        using JsonDocument document = JsonDocument.Parse(stream.ToArray());
        return document.RootElement.Clone();
    }
}
