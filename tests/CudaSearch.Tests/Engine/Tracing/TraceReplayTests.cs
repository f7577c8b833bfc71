using CudaSearch.Cache;
using CudaSearch.Engine;
using CudaSearch.Engine.Tracing;
using CudaSearch.Evaluation;
using CudaSearch.Search;
using CudaSearch.TinyMath;

namespace CudaSearch.Tests.Engine.Tracing;

/// <summary>A trace of a real search, replayed without its model.</summary>
public sealed class TraceReplayTests
{
    /// <summary>Every strategy with plenty of memory, and with so little that prefixes are evicted and sequences set aside.</summary>
    public static TheoryData<string, string> Runs
    {
        get
        {
            var runs = new TheoryData<string, string>();
            foreach (string strategy in (string[])["greedy", "majority", "best-of-n", "beam", "dvts", "confidence", "rebase", "particle-filtering", "mcts", "revision"])
            {
                runs.Add(strategy, "64MiB");
                // Revision's conversations are longer, and one alone has to fit.
                runs.Add(strategy, strategy == "revision" ? "10MiB" : "4MiB");
            }
            return runs;
        }
    }

    [Theory]
    [MemberData(nameof(Runs))]
    public async Task Under_the_recorded_policy_a_replay_repeats_every_event_page_by_page(string strategy, string memory)
    {
        (IReadOnlyList<TraceEvent> recorded, SolveRecord[] records) = await RecordAsync(strategy, memory);
        var again = new TraceList();
        IReadOnlyList<ReplayedEngine> engines = TraceReplay.Run(recorded, new ReplayPolicy(), again);
        foreach (ReplayedEngine engine in engines)
        {
            int id = engine.Engine.Engine;
            Assert.Equal(Lines(recorded, id), Lines(again.Events, id));
            Assert.Equal(TraceTally.Of(recorded)[id] with { Refused = 0 }, engine.Totals);
        }
        // What the records say about pages and tokens, which was counted while the models ran.
        Usage[] scopes = [.. engines.SelectMany(engine => engine.Scopes.Values)];
        Assert.Equal(records.Sum(record => record.Usage.KvPagesPeak), scopes.Sum(usage => usage.PagesPeak));
        Assert.Equal(records.Sum(record => record.Usage.KvPagesPeakWithoutSharing), scopes.Sum(usage => usage.PagesPeakWithoutSharing));
        Assert.Equal(records.Sum(record => record.Usage.Passes), scopes.Sum(usage => usage.Passes));
        Assert.Equal(records.Sum(record => record.Usage.GeneratedTokens), engines[0].Scopes.Values.Sum(usage => usage.GeneratedTokens));
        Assert.Equal(records.Sum(record => record.Usage.PrefillTokens), engines[0].Scopes.Values.Sum(usage => usage.PrefillTokens));
        if (engines.Count > 1) Assert.Equal(records.Sum(record => record.Usage.PrmTokens), engines[1].Scopes.Values.Sum(usage => usage.PrefillTokens));
    }

    [Fact]
    public async Task Little_memory_evicts_and_sets_aside()
    {
        (IReadOnlyList<TraceEvent> recorded, _) = await RecordAsync("beam", "4MiB");
        IReadOnlyDictionary<int, TraceTotals> totals = TraceTally.Of(recorded);
        Assert.True(totals.Values.Sum(engine => engine.Evicted) > 0, "nothing was evicted");
        Assert.True(totals.Values.Sum(engine => engine.SetAside) > 0, "nothing was set aside");
        Assert.True(totals.Values.Sum(engine => engine.RecomputedRows) > 0, "nothing was computed again");
    }

    [Theory]
    [InlineData(8)]
    [InlineData(32)]
    [InlineData(64)]
    public async Task Other_page_sizes_compute_the_same_tokens_in_other_pages(int size)
    {
        (IReadOnlyList<TraceEvent> recorded, _) = await RecordAsync("beam", "64MiB");
        foreach ((ReplayedEngine engine, ReplayedEngine other) in TraceReplay.Run(recorded, new()).Zip(TraceReplay.Run(recorded, new() { PageSize = size })))
        {
            Assert.Equal(size, other.Engine.PageSize);
            Assert.Equal(engine.Totals.Passes, other.Totals.Passes);
            // Prefixes are found page by page, so smaller pages find no less.
            Assert.True(size < 16 ? other.Totals.Rows <= engine.Totals.Rows : other.Totals.Rows >= engine.Totals.Rows);
            Assert.Equal(engine.Totals.Rows + engine.Totals.MatchedTokens, other.Totals.Rows + other.Totals.MatchedTokens);
            Assert.True(size < 16 ? other.Totals.PagesPeak > engine.Totals.PagesPeak : other.Totals.PagesPeak < engine.Totals.PagesPeak);
        }
    }

    [Fact]
    public async Task Without_grouping_attention_reads_what_every_sequence_holds()
    {
        (IReadOnlyList<TraceEvent> recorded, _) = await RecordAsync("dvts", "64MiB");
        foreach ((ReplayedEngine tree, ReplayedEngine none) in TraceReplay.Run(recorded, new()).Zip(TraceReplay.Run(recorded, new() { ShareAttention = false })))
        {
            Assert.Equal(tree.Totals.PageReadsAlone, none.Totals.PageReads);
            Assert.True(tree.Totals.PageReads < none.Totals.PageReads);
            Assert.Equal(tree.Totals with { PageReads = 0 }, none.Totals with { PageReads = 0 });
        }
    }

    [Theory]
    [InlineData(Eviction.Fifo)]
    [InlineData(Eviction.None)]
    public async Task Other_evictions_and_less_memory_still_answer_every_request(Eviction eviction)
    {
        (IReadOnlyList<TraceEvent> recorded, _) = await RecordAsync("mcts", "64MiB");
        IReadOnlyList<ReplayedEngine> plenty = TraceReplay.Run(recorded, new() { Eviction = eviction });
        IReadOnlyList<ReplayedEngine> little = TraceReplay.Run(recorded, new() { Eviction = eviction, Pages = 40 });
        foreach ((ReplayedEngine much, ReplayedEngine few) in plenty.Zip(little))
        {
            Assert.Equal(0, few.Totals.Refused);
            Assert.InRange(few.Totals.PagesPeak, 1, 40);
            Assert.True(few.Totals.SetAside > 0 && few.Totals.RecomputedRows > 0);
            Assert.True(few.Totals.Passes > much.Totals.Passes);
            Assert.Equal(much.Scopes.Values.Sum(usage => usage.GeneratedTokens), few.Scopes.Values.Sum(usage => usage.GeneratedTokens));
            if (eviction == Eviction.None) Assert.Equal(0, much.Totals.MatchedTokens);
        }
    }

    [Fact]
    public async Task What_cannot_fit_is_refused_and_counted()
    {
        (IReadOnlyList<TraceEvent> recorded, _) = await RecordAsync("beam", "64MiB");
        Assert.True(TraceReplay.Run(recorded, new() { Pages = 3 })[0].Totals.Refused > 0);
    }

    [Fact]
    public async Task A_trace_file_is_read_back_as_it_was_written()
    {
        (IReadOnlyList<TraceEvent> recorded, _) = await RecordAsync("beam", "64MiB");
        using var folder = new Checkpoints.TempFolder();
        string path = folder.File("trace.jsonl");
        using (var file = new TraceFile(path))
            foreach (TraceEvent happened in recorded.Skip(1)) file.Write(happened);
        Assert.Equal(recorded.Select(happened => happened.ToJson()), TraceFile.Read(path).Select(happened => happened.ToJson()));
    }

    private static async Task<(IReadOnlyList<TraceEvent> Trace, SolveRecord[] Records)> RecordAsync(string strategy, string memory)
    {
        var trace = new TraceList();
        using (Workbench workbench = Workbench.Open(new WorkbenchOptions { Device = "cpu", Memory = memory, Prm = strategy is "greedy" or "majority" or "confidence" ? null : Workbench.TinyMath }))
        {
            workbench.StartTrace(trace);
            using var solver = new ProblemSolver(
                workbench, new RunSettings { Strategy = strategy, Seed = 3, Search = new() { N = 8, BeamWidth = 4, Sampling = new() { MaxTokens = 256 } } });
            SolveRecord[] records = await Task.WhenAll(TinyMathDataset.HeldOut().Skip(20).Take(3).Select(
                problem => solver.SolveAsync(problem.Problem, new SearchTree(), TestContext.Current.CancellationToken)));
            return (trace.Events, records);
        }
    }

    private static IEnumerable<string> Lines(IReadOnlyList<TraceEvent> events, int engine) =>
        events.Where(happened => happened.Engine == engine && happened.Event != "trace").Select(happened => (happened with { Ms = null }).ToJson());
}
