using System.CommandLine;
using System.Text.Json;
using CudaSearch.Cache;
using CudaSearch.Cli.Options;
using CudaSearch.Engine.Tracing;
using CudaSearch.Evaluation;
using CudaSearch.Evaluation.Reports;
using CudaSearch.Tokenization;

namespace CudaSearch.Cli.Commands;

/// <summary><c>kv</c>: what a trace tells of the pages of the KV caches, as a summary, a page or JSON; <c>kv replay</c> runs it under other policies.</summary>
internal static class KvCommand
{
    public static Command Create(CommandHost host)
    {
        var trace = new Argument<string?>("trace") { Description = "a trace that solve or eval wrote with --trace", Arity = ArgumentArity.ZeroOrOne };
        var output = new Option<string?>("--output", "-o") { Description = "write an HTML page: which sequences hold which pages, pass by pass" };
        var json = new Option<bool>("--json") { Description = "print every pass as one JSON document: tables, copies, evictions, the attention plan's work items" };
        var command = new Command("kv", "Shows what the pages of the KV caches held, shared, copied and gave up in a recorded search.") { trace, output, json, Replay(host) };
        command.SetAction(parsed =>
        {
            string path = parsed.GetValue(trace) ?? throw new UsageException("give a trace: solve and eval write one with --trace FILE");
            IReadOnlyList<TraceEvent> events = TraceFile.Read(path);
            Tokenizer? tokenizer = TokenizerOf(events);
            if (parsed.GetValue(output) is { } page)
            {
                PageFile.Write(page, KvPage.Render(Path.GetFileName(path), events, tokenizer));
                host.Error.WriteLine($"the page is in {page}");
            }
            if (parsed.GetValue(json)) JsonOutput.Write(host.Output, writer => KvData.Write(writer, events, tree: null, tokenizer, int.MaxValue), indented: false);
            else WriteTable(host.Output, Recorded(events).Select(engine => (NameOf(engine.Head), (IReadOnlyList<(string, TraceTotals)>)[("recorded", engine.Totals)])));
            return ExitStatus.Done;
        });
        return command;
    }

    private static Command Replay(CommandHost host)
    {
        var trace = new Argument<string>("trace") { Description = "a trace that solve or eval wrote with --trace" };
        var sizes = new Option<int[]>("--page-size") { Description = "tokens a page holds: powers of two, 1 to 64; several are compared", AllowMultipleArgumentsPerToken = true };
        var pages = new Option<int?>("--pages") { Description = "pages of each cache [default: as many as the recorded memory holds]" };
        Option<string> eviction = Values.Choice("--eviction", "which cached prefixes go first; none caches none", "lru", "lru", "fifo", "none");
        Option<string?> grouping = Values.OptionalChoice(
            "--grouping", "tree: sequences with the same pages read them together; none: each reads its own [default: as recorded]", ["tree", "none"]);
        var json = new Option<bool>("--json") { Description = "print the totals as one JSON document" };
        var command = new Command("replay", "Runs a recorded trace again, without a model, under other page sizes, evictions and groupings.")
            { trace, sizes, pages, eviction, grouping, json };
        command.SetAction(parsed =>
        {
            IReadOnlyList<TraceEvent> events = TraceFile.Read(parsed.GetRequiredValue(trace));
            if (parsed.GetValue(pages) is < 1) throw new UsageException($"--pages is {parsed.GetValue(pages)}; it must be 1 or greater");
            var policy = new ReplayPolicy
            {
                Pages = parsed.GetValue(pages),
                Eviction = Enum.Parse<Eviction>(parsed.GetValue(eviction)!, ignoreCase: true),
                ShareAttention = parsed.GetValue(grouping) is { } group ? group == "tree" : null,
            };
            int[] wanted = parsed.GetValue(sizes) ?? [];
            ReplayPolicy[] policies = wanted.Length == 0 ? [policy] : [.. wanted.Select(size => policy with { PageSize = size })];
            List<(ReplayPolicy Policy, IReadOnlyList<ReplayedEngine> Engines)> replays = [];
            foreach (ReplayPolicy each in policies) replays.Add((each, Refused(() => TraceReplay.Run(events, each))));
            if (policies is [{ IsRecorded: true }]) host.Error.WriteLine(TraceReplay.FirstDifference(events) ?? $"all {events.Count:N0} events of the trace are reproduced, page by page");
            if (parsed.GetValue(json)) JsonOutput.Write(host.Output, writer => WriteJson(writer, events, replays));
            else WriteTable(host.Output, Recorded(events).Select(engine => (NameOf(engine.Head), Columns(engine, replays))));
            return ExitStatus.Done;
        });
        return command;
    }

    /// <summary>The tokenizer of a trace's model, where it comes along with this program.</summary>
    internal static Tokenizer? TokenizerOf(IReadOnlyList<TraceEvent> events)
    {
        if (!events.Any(happened => happened.Event == "engine" && happened.Model == Workbench.TinyMath)) return null;
        string file = Path.Combine(Workbench.ResolveModel(Workbench.TinyMath, "generator"), "tokenizer.json");
        return File.Exists(file) ? Tokenizer.Load(file) : null;
    }

    private static T Refused<T>(Func<T> run)
    {
        try
        {
            return run();
        }
        catch (CudaSearchException e) when (e.Message.StartsWith("page-size", StringComparison.Ordinal))
        {
            throw new UsageException("--" + e.Message);
        }
    }

    private static IEnumerable<(TraceEvent Head, TraceTotals Totals)> Recorded(IReadOnlyList<TraceEvent> events)
    {
        IReadOnlyDictionary<int, TraceTotals> totals = TraceTally.Of(events);
        return events.Where(happened => happened.Event == "engine").Select(head => (head, totals[head.Engine])).Where(engine => engine.Item2.Passes > 0);
    }

    private static string NameOf(TraceEvent engine) => $"{(engine.Name == "prm" ? "verifier" : "generator")} ({engine.Model})";

    private static IReadOnlyList<(string Name, TraceTotals Totals)> Columns((TraceEvent Head, TraceTotals Totals) engine, List<(ReplayPolicy Policy, IReadOnlyList<ReplayedEngine> Engines)> replays) =>
    [
        ("recorded", engine.Totals),
        .. replays.Select(replay =>
        {
            ReplayedEngine replayed = replay.Engines.First(other => other.Engine.Engine == engine.Head.Engine);
            return ($"page size {replayed.Engine.PageSize}", replayed.Totals);
        }),
    ];

    private static void WriteTable(TextWriter output, IEnumerable<(string Name, IReadOnlyList<(string Name, TraceTotals Totals)> Columns)> engines)
    {
        foreach ((string name, IReadOnlyList<(string Name, TraceTotals Totals)> columns) in engines)
        {
            output.WriteLine($"| {name} | {string.Join(" | ", columns.Select(column => column.Name))} |");
            output.WriteLine($"|---|{string.Concat(columns.Select(_ => "---:|"))}");
            foreach ((string fact, Func<TraceTotals, long> value) in s_facts)
                output.WriteLine($"| {fact} | {string.Join(" | ", columns.Select(column => $"{value(column.Totals):N0}"))} |");
            output.WriteLine();
        }
    }

    private static readonly (string Fact, Func<TraceTotals, long> Value)[] s_facts =
    [
        ("passes", totals => totals.Passes),
        ("tokens computed", totals => totals.Rows),
        ("of them again", totals => totals.RecomputedRows),
        ("tokens found in cached prefixes", totals => totals.MatchedTokens),
        ("pages in use at most", totals => totals.PagesPeak),
        ("pages held by sequences at most", totals => totals.HeldPeak),
        ("the same without sharing", totals => totals.HeldAlonePeak),
        ("pages copied on write", totals => totals.Copied),
        ("cached pages evicted", totals => totals.Evicted),
        ("sequences set aside", totals => totals.SetAside),
        ("requests refused", totals => totals.Refused),
        ("page reads of attention", totals => totals.PageReads),
        ("the same if each sequence read its own", totals => totals.PageReadsAlone),
    ];

    private static void WriteJson(Utf8JsonWriter writer, IReadOnlyList<TraceEvent> events, List<(ReplayPolicy Policy, IReadOnlyList<ReplayedEngine> Engines)> replays)
    {
        writer.WriteStartObject();
        writer.WriteStartArray("engines");
        foreach ((TraceEvent head, TraceTotals totals) in Recorded(events))
        {
            writer.WriteStartObject();
            writer.WriteString("name", head.Name);
            writer.WriteString("model", head.Model);
            writer.WritePropertyName("recorded");
            KvData.WriteTotals(writer, totals);
            writer.WriteStartArray("replays");
            foreach ((ReplayPolicy policy, IReadOnlyList<ReplayedEngine> engines) in replays)
            {
                ReplayedEngine replayed = engines.First(engine => engine.Engine.Engine == head.Engine);
                writer.WriteStartObject();
                writer.WriteNumber("page_size", replayed.Engine.PageSize!.Value);
                writer.WriteNumber("pages", replayed.Engine.Pages!.Value);
                writer.WriteString("eviction", policy.Eviction.ToString().ToLowerInvariant());
                writer.WriteString("grouping", replayed.Engine.SharedAttention == true ? "tree" : "none");
                writer.WritePropertyName("totals");
                KvData.WriteTotals(writer, replayed.Totals);
                writer.WriteEndObject();
            }
            writer.WriteEndArray();
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}
