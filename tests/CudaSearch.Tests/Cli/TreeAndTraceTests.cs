using System.Text.Json;
using CudaSearch.Cli;
using CudaSearch.Tests.Checkpoints;

namespace CudaSearch.Tests.Cli;

/// <summary>The commands <c>tree</c> and <c>kv</c>, and what makes their input.</summary>
public sealed class TreeAndTraceTests : IDisposable
{
    private const string Problem = "Start with 17. Add 25. Divide by 6. What is the result?";

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_search_leaves_a_page_a_trace_and_a_tree()
    {
        string page = _folder.File("tree.html"), trace = _folder.File("trace.jsonl");
        CliRun run = (await CliRun.OfAsync("solve", Problem, "-n", "4", "--tree", page, "--trace", trace, "--record-tree", "--json")).Done();
        Assert.True(run.Json().GetProperty("tree").GetProperty("nodes").GetArrayLength() > 4);
        Assert.Contains("kv-data", await File.ReadAllTextAsync(page, TestContext.Current.CancellationToken));
        Assert.Contains("iteration 1: ", run.Error);
        Assert.Matches(@"\d+ tokens/s · \d+ pages, \d+ % shared", run.Error);

        string record = _folder.Write("solved.json", run.Output), again = _folder.File("again.html");
        (await CliRun.OfAsync("tree", record, "-o", again, "--trace", trace)).Done();
        Assert.Contains("kv-data", await File.ReadAllTextAsync(again, TestContext.Current.CancellationToken));

        CliRun replay = (await CliRun.OfAsync("kv", "replay", trace)).Done();
        Assert.Contains("are reproduced, page by page", replay.Error);
        JsonElement engine = (await CliRun.OfAsync("kv", "replay", trace, "--page-size", "8", "16", "--grouping", "none", "--json")).Done().Json().GetProperty("engines")[0];
        JsonElement recorded = engine.GetProperty("recorded"), small = engine.GetProperty("replays")[0].GetProperty("totals"), same = engine.GetProperty("replays")[1].GetProperty("totals");
        Assert.Equal(8, engine.GetProperty("replays")[0].GetProperty("page_size").GetInt32());
        Assert.True(small.GetProperty("pages_peak").GetInt32() > recorded.GetProperty("pages_peak").GetInt32());
        Assert.Equal(recorded.GetProperty("pages_peak").GetInt32(), same.GetProperty("pages_peak").GetInt32());
        Assert.Equal(recorded.GetProperty("page_reads_alone").GetInt64(), same.GetProperty("page_reads").GetInt64());

        CliRun shown = (await CliRun.OfAsync("kv", trace, "--json", "-o", _folder.File("kv.html"))).Done();
        Assert.Equal(recorded.GetProperty("page_reads").GetInt64(), shown.Json().GetProperty("engines")[0].GetProperty("passes").EnumerateArray().Sum(pass => pass.GetProperty("page_reads").GetInt64()));
        Assert.Contains("pages held by sequences at most", (await CliRun.OfAsync("kv", trace)).Done().Output);
    }

    [Fact]
    public async Task Two_runs_are_compared_on_one_problem()
    {
        string beam = _folder.File("beam.jsonl"), sampled = _folder.File("sampled.jsonl"), bare = _folder.File("bare.jsonl");
        foreach ((string file, string strategy, string[] more) in ((string, string, string[])[])[(beam, "beam", ["--record-tree"]), (sampled, "best-of-n", ["--record-tree"]), (bare, "beam", [])])
            (await CliRun.OfAsync(["eval", "--dataset", "tinymath", "--limit", "3", "-n", "4", "--strategy", strategy, "--output", file, .. more])).Done();
        string page = _folder.File("both.html");
        (await CliRun.OfAsync("tree", beam, "--problem", "1", "--compare", sampled, "-o", page)).Done();
        string written = await File.ReadAllTextAsync(page, TestContext.Current.CancellationToken);
        Assert.Contains("beam · n 4 · seed 42 and best-of-n · n 4 · seed 42", written);
        // A run with trees is the same run: it can be continued without them, and merged.
        (await CliRun.OfAsync("eval", "--dataset", "tinymath", "--limit", "3", "-n", "4", "--output", beam)).Done();

        // The tree is of the whole search; a run cut out of another has none.
        string smaller = _folder.File("smaller.jsonl");
        (await CliRun.OfAsync("subsample", sampled, "-n", "2", "-o", smaller)).Done();
        (await CliRun.OfAsync("tree", smaller, "--problem", "1", "-o", page)).Failed(ExitStatus.BadInput, "holds no search tree");

        (await CliRun.OfAsync("tree", beam, "-o", page)).Failed(ExitStatus.Usage, "holds 3 problems", "--problem");
        (await CliRun.OfAsync("tree", beam, "--problem", "7", "-o", page)).Failed(ExitStatus.BadInput, "no problem 7", "3 rows between 0 and 2");
        (await CliRun.OfAsync("tree", bare, "--problem", "1", "-o", page)).Failed(ExitStatus.BadInput, "bare.jsonl, line 2", "--record-tree");
        (await CliRun.OfAsync("tree", _folder.File("none.jsonl"), "-o", page)).Failed(ExitStatus.BadInput, "none.jsonl");
        (await CliRun.OfAsync("tree", beam, "--problem", "1", "-o", _folder.File("no/such/folder.html"))).Failed(ExitStatus.BadInput, "cannot write");
    }

    [Theory]
    [InlineData("{\"event\":\"trace\",\"version\":1}", "version 1")]
    [InlineData("{\"problem\":\"1+1\"}", "line 1", "not an event of a trace")]
    [InlineData("", "is no trace")]
    [InlineData("{\"event\":\"trace\",\"version\":2}\n{\"event\":\"engine\",\"engine\":0}", "contradicts itself at event 2")]
    [InlineData("{\"event\":\"trace\",\"version\":2}\n{\"event\":\"release\",\"engine\":0,\"seq\":1}", "contradicts itself at event 2")]
    public async Task What_is_no_trace_is_refused(string text, params string[] parts) =>
        (await CliRun.OfAsync("kv", "replay", _folder.Write("trace.jsonl", text))).Failed(ExitStatus.BadInput, parts);

    [Fact]
    public async Task Wrong_policies_are_refused()
    {
        string trace = _folder.Write("trace.jsonl", "{\"event\":\"trace\",\"version\":2}");
        (await CliRun.OfAsync("kv", "replay", trace, "--page-size", "12")).Failed(ExitStatus.Usage, "page-size is 12", "power of two");
        (await CliRun.OfAsync("kv", "replay", trace, "--pages", "0")).Failed(ExitStatus.Usage, "--pages is 0");
        (await CliRun.OfAsync("kv", "replay", trace, "--eviction", "mru")).Failed(ExitStatus.Usage, "--eviction is mru");
        (await CliRun.OfAsync("kv")).Failed(ExitStatus.Usage, "give a trace");
    }
}
