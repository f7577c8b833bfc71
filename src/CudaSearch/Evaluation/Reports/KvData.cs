using System.Text.Json;
using CudaSearch.Cache;
using CudaSearch.Engine.Tracing;
using CudaSearch.Search;
using CudaSearch.Tokenization;

namespace CudaSearch.Evaluation.Reports;

/// <summary>
/// The pages of a trace, pass by pass, as <c>pages.js</c> and <c>kv --json</c> have them; <c>docs/kv-trace.md</c> lists the fields. They come from a replay under the
/// recorded policy.
/// </summary>
public static class KvData
{
    /// <summary>Passes of an engine that a page shows.</summary>
    public const int MostPasses = 2000;

    /// <summary>Writes one JSON object.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="events">The trace.</param>
    /// <param name="tree">The search that was traced: says which step a token belongs to; null where it is not known.</param>
    /// <param name="tokenizer">Says what tokens are; null leaves their texts out.</param>
    /// <param name="mostPasses">Passes of each engine, from its first.</param>
    public static void Write(
        Utf8JsonWriter writer, IReadOnlyList<TraceEvent> events, SearchTree? tree = null, Tokenizer? tokenizer = null, int mostPasses = MostPasses)
    {
        var recorders = new Dictionary<int, KvRecorder>();
        var sink = new Sink(happened =>
        {
            if (happened.Event == "engine") recorders.Add(happened.Engine, new KvRecorder(mostPasses));
            if (recorders.TryGetValue(happened.Engine, out KvRecorder? recorder)) recorder.Take(happened);
        });
        IReadOnlyList<ReplayedEngine> engines = TraceReplay.Run(events, new ReplayPolicy(), sink, pass => recorders[pass.Engine].Take(pass));
        writer.WriteStartObject();
        writer.WriteStartArray("engines");
        foreach (ReplayedEngine engine in engines)
        {
            if (engine.Totals.Passes == 0) continue;
            writer.WriteStartObject();
            writer.WriteString("name", engine.Engine.Name);
            writer.WriteString("model", engine.Engine.Model);
            writer.WriteNumber("pages", engine.Engine.Pages!.Value);
            writer.WriteNumber("page_size", engine.Engine.PageSize!.Value);
            writer.WriteNumber("page_bytes", engine.Engine.PageBytes!.Value);
            writer.WritePropertyName("totals");
            WriteTotals(writer, engine.Totals);
            // Steps are of the generator.
            recorders[engine.Engine.Engine].Write(writer, engine.Engine.Engine == 0 ? tree : null, tokenizer);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    /// <summary>Writes what an engine's pages and passes came to.</summary>
    public static void WriteTotals(Utf8JsonWriter writer, TraceTotals totals)
    {
        writer.WriteStartObject();
        writer.WriteNumber("passes", totals.Passes);
        writer.WriteNumber("rows", totals.Rows);
        writer.WriteNumber("recomputed_rows", totals.RecomputedRows);
        writer.WriteNumber("matched_tokens", totals.MatchedTokens);
        writer.WriteNumber("pages_peak", totals.PagesPeak);
        writer.WriteNumber("held_peak", totals.HeldPeak);
        writer.WriteNumber("held_alone_peak", totals.HeldAlonePeak);
        writer.WriteNumber("allocated", totals.Allocated);
        writer.WriteNumber("copied", totals.Copied);
        writer.WriteNumber("evicted", totals.Evicted);
        writer.WriteNumber("set_aside", totals.SetAside);
        writer.WriteNumber("refused", totals.Refused);
        writer.WriteNumber("page_reads", totals.PageReads);
        writer.WriteNumber("page_reads_alone", totals.PageReadsAlone);
        writer.WriteEndObject();
    }

    /// <summary>Writes the work items of a plan: first key, keys, pages, how many sequences visit it, and with how many rows.</summary>
    internal static object[][] ItemsOf(AttentionPlan plan)
    {
        var items = new object[plan.Items.Length][];
        for (int i = 0; i < items.Length; i++)
        {
            WorkItem item = plan.Items[i];
            int rows = 0;
            foreach (PlanMember member in plan.Members.Slice(item.FirstMember, item.MemberCount)) rows += member.RowCount;
            items[i] = [item.FirstKey, item.KeyCount, plan.Pages.Slice(item.FirstPage, item.PageCount).ToArray(), item.MemberCount, rows];
        }
        return items;
    }

    private sealed class Sink(Action<TraceEvent> take) : ITraceSink
    {
        public void Write(TraceEvent happened) => take(happened);
    }
}
