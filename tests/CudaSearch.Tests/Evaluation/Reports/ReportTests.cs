using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CudaSearch.Cli;
using CudaSearch.Tests.Browser;
using CudaSearch.Tests.Checkpoints;
using CudaSearch.Tests.Cli;
using CudaSearch.Tests.Evaluation.Export;

namespace CudaSearch.Tests.Evaluation.Reports;

/// <summary>Pages made of made-up runs: what they say is what the records say, whatever stands in these, and a browser shows it.</summary>
public sealed partial class ReportTests(Chromium chromium) : IDisposable
{
    private const string Hostile = "</pre></script><script>document.title='broken'</script><img src=x onerror=\"document.title='broken'\"><style>*{display:none}</style>";

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task TheNumbersOnThePageAreThoseOfTheRecords()
    {
        string[] runs = Runs(problems: 40, n: 8);
        await using BrowserPage page = await OpenAsync(runs);
        string[][] table = await page.EvaluateAsync<string[][]>("[...document.querySelectorAll('#numbers tbody tr')].map(row => [...row.cells].map(cell => cell.textContent))");
        // Two seeds of best-of-n at N = 1, 2, 4, 8; beam at 8 alone.
        Assert.Equal(["best-of-n 1", "best-of-n 2", "best-of-n 4", "best-of-n 8", "beam 8"], table.Select(row => $"{row[0]} {row[1]}"));
        foreach (string[] row in table)
        {
            int k = int.Parse(row[1], CultureInfo.InvariantCulture);
            List<JsonNode[]> seeds = [.. runs.Where(run => Path.GetFileName(run).StartsWith(row[0], StringComparison.Ordinal)).Select(Lines)];
            Assert.Equal(seeds.Count.ToString(CultureInfo.InvariantCulture), row[2]);
            Assert.Equal(Percent(seeds, record => Naive(record, k)), row[3]);
            Assert.Equal(Percent(seeds, record => Heaviest(record, k, i => Score(record, i))), row[4]);
            Assert.Equal(Percent(seeds, record => Heaviest(record, k, _ => 1)), row[5]);
            Assert.Equal(Percent(seeds, record => PassAtK(record, k)), row[6]);
            double share = k / 8.0;
            Assert.Equal(Whole(seeds, share, "generated_tokens"), row[7]);
            Assert.Equal(Whole(seeds, share, "prm_tokens"), row[8]);
            Assert.Equal(share == 1 ? Mean(seeds, "seconds").ToString("0.00", CultureInfo.InvariantCulture) : "", row[9]);
            Assert.Equal((share * (Mean(seeds, "generator_flops") + Mean(seeds, "prm_flops"))).ToString("0.00e0", CultureInfo.InvariantCulture), row[10]);
        }
        // The levels' numbers are of the deciding vote at the largest N.
        string[] levels = await page.EvaluateAsync<string[]>("[...document.querySelectorAll('#groups table')[0].tBodies[0].rows[1].cells].slice(2).map(cell => cell.textContent)");
        Assert.Equal(
            ["1", "2", "3"],
            await page.EvaluateAsync<string[]>("[...document.querySelectorAll('#groups table')[0].tHead.rows[0].cells].slice(2).map(cell => cell.textContent)"));
        JsonNode[] beam = Lines(runs[2]);
        Assert.Equal(
            ((string[])["1", "2", "3"]).Select(level => Percent([[.. beam.Where(record => (string)record["level"]! == level)]], record => Heaviest(record, 8, i => Score(record, i)))), levels);
        await page.AssertQuiet();
    }

    [Fact]
    public async Task HostileTextIsShownAsText()
    {
        string run = _folder.Write("best-of-n.jsonl", string.Concat(Enumerable.Range(0, 3).Select(i => RunWriter.Record(
            i, $"{Hostile} {i}", $"{i}", [RunWriter.Solution($"{i}", Hostile), RunWriter.Solution($"{Hostile}", "x")], [0.1, 0.9], subject: Hostile, command: $"cudasearch eval '{Hostile}'") + "\n")));
        await using BrowserPage page = await OpenAsync([run]);
        Assert.NotEqual("broken", await page.EvaluateAsync<string>("document.title"));
        await page.ClickAsync(".problem summary");
        Assert.Equal($"{Hostile} 0", await page.EvaluateAsync<string>("document.querySelector('.problem .statement').textContent"));
        Assert.Contains(Hostile, await page.EvaluateAsync<string>("document.querySelector('.problem .panels pre').textContent"));
        Assert.Contains(Hostile, await page.EvaluateAsync<string>("document.getElementById('commands').textContent"));
        Assert.Equal(0, await page.EvaluateAsync<int>("document.querySelectorAll('img, main style, main script').length"));
        await page.AssertQuiet();
    }

    [Theory]
    [InlineData(1280, false)]
    [InlineData(1280, true)]
    [InlineData(400, false)]
    [InlineData(400, true)]
    public async Task ThePageCanBeReadAndUsedAtAnyWidth(int width, bool dark)
    {
        await using BrowserPage page = await OpenAsync(Runs(problems: 40, n: 8), width, dark);
        await page.AssertQuiet();
        string shown = width > 640 ? ".wide" : ".narrow";
        await page.HoverAsync($"#accuracy {shown} .point .dot");
        Assert.Contains("best-of-n, N = 1", await page.EvaluateAsync<string>("document.getElementById('tip').textContent"));
        Assert.Equal("visible", await page.EvaluateAsync<string>("getComputedStyle(document.getElementById('tip')).visibility"));
        int all = await ShownProblemsAsync(page), rest = 0;
        foreach (string kind in (string[])["none", "some", "every"])
        {
            await page.ClickAsync($"[data-filter={kind}]");
            rest += await ShownProblemsAsync(page);
        }
        Assert.Equal((40, 40), (all, rest));
        await page.ClickAsync("[data-filter=all]");
        await page.ClickAsync("#find");
        await page.TypeAsync("problem 7?");
        Assert.Equal(1, await ShownProblemsAsync(page));
        Assert.Equal("1 of 40", await page.EvaluateAsync<string>("document.getElementById('count').textContent"));
        await page.ClickAsync(".problem:not([hidden]) summary");
        Assert.True(await page.EvaluateAsync<bool>("document.querySelector('.problem:not([hidden]) .statement').checkVisibility()"));
        await page.AssertQuiet();
        await page.ScreenshotAsync($"report-{width}-{(dark ? "dark" : "light")}");
    }

    [Fact]
    public async Task PrintedItIsLightAndKeepsItsCharts()
    {
        await using BrowserPage page = await OpenAsync(Runs(problems: 10, n: 4), dark: true);
        await page.PreferAsync(dark: true, print: true);
        Assert.Equal("rgb(255, 255, 255)", await page.EvaluateAsync<string>("getComputedStyle(document.body).backgroundColor"));
        Assert.True(await page.EvaluateAsync<bool>("document.querySelector('#accuracy .wide svg').checkVisibility()"));
        Assert.False(await page.EvaluateAsync<bool>("document.querySelector('.bar').checkVisibility()"));
        await page.ScreenshotAsync("report-print");
    }

    [Fact]
    public async Task FiveHundredProblemsOfSixtyFourCompletionsStaySmall()
    {
        string run = Made("best-of-n", seed: 1, problems: 500, n: 64, padding: 1000);
        Assert.True(new FileInfo(run).Length > 30 << 20);
        string output = _folder.File("large.html");
        (await CliRun.OfAsync("report", run, "-o", output)).Done();
        Assert.InRange(new FileInfo(output).Length, 100_000, 20_000_000);
        await using BrowserPage page = await chromium.OpenAsync(output);
        Assert.Equal(500, await ShownProblemsAsync(page));
        await page.AssertQuiet();
    }

    [Fact]
    public async Task PlotsAreSavedAsSvgAndPng()
    {
        string plots = _folder.File("plots");
        (await CliRun.OfAsync(["report", .. Runs(problems: 10, n: 4), "-o", _folder.File("page.html"), "--plots", plots])).Done();
        string[] names = [.. Directory.GetFiles(plots).Select(Path.GetFileName).Order()!];
        foreach (string name in (string[])["accuracy", "flops", "generated-tokens", "pass-at-k", "prm-tokens", "seconds", "votes-1"])
            Assert.Equal([$"{name}.png", $"{name}.svg"], names.Where(file => Path.GetFileNameWithoutExtension(file) == name));
        Assert.All(Directory.GetFiles(plots, "*.png"), file => Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], File.ReadAllBytes(file)[..4]));
        Assert.All(Directory.GetFiles(plots, "*.svg"), file => Assert.Contains("<svg", File.ReadAllText(file)));
    }

    [Fact]
    public async Task WhatCannotBeReportedOnIsSaid()
    {
        string some = Made("best-of-n", seed: 1, problems: 3, n: 2), other = Made("beam", seed: 1, problems: 4, n: 2);
        (await CliRun.OfAsync("report", some, other, "-o", _folder.File("p.html"))).Failed(ExitStatus.BadInput, "lacks the problem");
        (await CliRun.OfAsync("report", some, some, "-o", _folder.File("p.html"))).Failed(ExitStatus.BadInput, "the same run");
        (await CliRun.OfAsync("report", _folder.Write("empty.jsonl", ""), "-o", _folder.File("p.html"))).Failed(ExitStatus.BadInput, "holds no record");
        (await CliRun.OfAsync("report", _folder.Write("other.jsonl", "{\"a\":1}\n"), "-o", _folder.File("p.html"))).Failed(ExitStatus.BadInput, "other.jsonl, line 1");
        Assert.False(File.Exists(_folder.File("p.html")));
    }

    [Fact]
    public async Task ARunCutOutOfALargerOneIsReportedWithTheCostsThatAreKnown()
    {
        // Of such a run only the generated tokens are known.
        string cut = _folder.Write("cut.jsonl", string.Concat(File.ReadAllLines(Made("best-of-n", seed: 1, problems: 4, n: 2)).Select(line =>
        {
            JsonNode record = JsonNode.Parse(line)!;
            foreach (string cost in (string[])["seconds", "prm_tokens", "prompt_tokens", "generator_flops", "prm_flops"]) record["usage"]![cost] = null;
            return record.ToJsonString() + "\n";
        })));
        await using BrowserPage page = await OpenAsync([cut]);
        string[] row = await page.EvaluateAsync<string[]>("[...document.querySelector('#numbers tbody tr:last-child').cells].map(cell => cell.textContent)");
        Assert.Equal("2", row[1]);
        Assert.Equal((Lines(cut).Sum(record => (double)record["usage"]!["generated_tokens"]!) / 4).ToString("#,0", CultureInfo.InvariantCulture), row[7]);
        Assert.Equal(["", "", ""], row[8..]);
        await page.AssertQuiet();
    }

    [Fact]
    public async Task EvalReportsOnItsOwnRunAndNamesItsCommand()
    {
        string output = _folder.File("page.html"), run = _folder.File("run.jsonl");
        string[] command = ["eval", "--dataset", "tinymath", "--limit", "4", "-n", "4", "--strategy", "best-of-n", "-o", run, "--report", output];
        (await CliRun.OfAsync(command)).Done();
        await using BrowserPage page = await chromium.OpenAsync(output);
        Assert.Equal(string.Join(' ', command.Prepend("cudasearch")), await page.EvaluateAsync<string>("document.getElementById('commands').textContent"));
        JsonNode usage = Lines(run)[0]["usage"]!;
        Assert.True((double)usage["generator_flops"]! > 0 && (double)usage["prm_flops"]! > (double)usage["generator_flops"]!, usage.ToJsonString());
        await page.AssertQuiet();
    }

    private string[] Runs(int problems, int n) => [Made("best-of-n", 1, problems, n), Made("best-of-n", 2, problems, n), Made("beam", 1, problems, n)];

    /// <summary>A run whose answers and scores a small generator draws, harder problems being answered rightly less often.</summary>
    private string Made(string strategy, ulong seed, int problems, int n, int padding = 0)
    {
        var random = new Random((int)seed + strategy.Length);
        string text = string.Concat(Enumerable.Range(0, problems).Select(i =>
        {
            double ease = 0.15 + 0.7 * (i % 10) / 9;
            string[] answers = [.. Enumerable.Range(0, n).Select(_ => random.NextDouble() < ease ? $"{i + 10}" : $"{random.Next(4)}")];
            double[] scores = [.. answers.Select(answer => Math.Round((answer == $"{i + 10}" ? 0.35 : 0.1) + 0.6 * random.NextDouble(), 6))];
            string filler = new('x', padding);
            return RunWriter.Record(
                i, $"What is the answer to problem {i}?", $"{i + 10}", [.. answers.Select(answer => RunWriter.Solution(answer, $"Think {filler}", "Conclude"))], scores, strategy, seed,
                level: $"{1 + i % 3}", subject: i % 2 == 0 ? "Algebra" : "Geometry", rows: problems) + "\n";
        }));
        return _folder.Write($"{strategy}-{seed}-{problems}.jsonl", text);
    }

    private async Task<BrowserPage> OpenAsync(string[] runs, int width = 1280, bool dark = false)
    {
        string output = _folder.File("page.html");
        (await CliRun.OfAsync(["report", .. runs, "-o", output])).Done();
        return await chromium.OpenAsync(output, width, dark);
    }

    private static Task<int> ShownProblemsAsync(BrowserPage page) => page.EvaluateAsync<int>("document.querySelectorAll('.problem:not([hidden])').length");

    private static JsonNode[] Lines(string path) => [.. File.ReadAllLines(path).Select(line => JsonNode.Parse(line)!)];

    // An own account of the records: answers here are plain numbers, so text tells what is equal.

    private static string AnswerOf(JsonNode record, int i) => Boxed().Match((string)record["completions"]![i]!).Groups[1].Value;

    private static double Score(JsonNode record, int i) => (double)record["agg_scores"]![i]!;

    private static double IsRight(JsonNode record, string answer) => answer == (string)record["answer"]! ? 1 : 0;

    private static double Naive(JsonNode record, int k) => IsRight(record, AnswerOf(record, Enumerable.Range(0, k).MaxBy(i => Score(record, i))));

    private static double Heaviest(JsonNode record, int k, Func<int, double> weight) =>
        IsRight(record, Enumerable.Range(0, k).GroupBy(i => AnswerOf(record, i)).MaxBy(same => same.Sum(weight))!.Key);

    /// <summary>By counting all subsets.</summary>
    private static double PassAtK(JsonNode record, int k)
    {
        int n = record["completions"]!.AsArray().Count, with = 0, all = 0;
        int right = Enumerable.Range(0, n).Where(i => IsRight(record, AnswerOf(record, i)) == 1).Aggregate(0, (bits, i) => bits | (1 << i));
        for (int subset = 0; subset < 1 << n; subset++)
        {
            if (int.PopCount(subset) != k) continue;
            all++;
            if ((subset & right) != 0) with++;
        }
        return (double)with / all;
    }

    private static string Percent(IReadOnlyList<JsonNode[]> seeds, Func<JsonNode, double> value)
    {
        double[] means = [.. seeds.Select(records => 100 * records.Average(value))];
        double mean = means.Average();
        string text = mean.ToString("0.0", CultureInfo.InvariantCulture);
        return means.Length == 1 ? text : text + " ± " + Math.Sqrt(means.Sum(m => (m - mean) * (m - mean)) / (means.Length - 1)).ToString("0.0", CultureInfo.InvariantCulture);
    }

    private static double Mean(IReadOnlyList<JsonNode[]> seeds, string field) => seeds.Average(records => records.Average(record => (double)record["usage"]![field]!));

    private static string Whole(IReadOnlyList<JsonNode[]> seeds, double share, string field) => (share * Mean(seeds, field)).ToString("#,0", CultureInfo.InvariantCulture);

    [GeneratedRegex(@"\\boxed\{(\d+)\}")]
    private static partial Regex Boxed();
}
