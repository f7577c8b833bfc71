using System.Text.Json;
using CudaSearch.Engine.Tracing;
using CudaSearch.Search;
using CudaSearch.Tokenization;

namespace CudaSearch.Evaluation.Reports;

/// <summary>Follows one engine through a replay and writes down its passes: what changed in the tables, and who read what.</summary>
internal sealed class KvRecorder(int mostPasses)
{
    private readonly List<Pass> _passes = [];
    private readonly Dictionary<long, Line> _lines = [];
    private readonly Dictionary<long, int[]> _tables = [];
    private int[] _cached = [];
    private Pass _next = new();
    private int _cachedCount;

    /// <summary>Takes what happened.</summary>
    public void Take(TraceEvent happened)
    {
        Follow(happened);
        int cachedBefore = _cachedCount;
        _cachedCount = happened.Cached ?? _cachedCount;
        switch (happened.Event)
        {
            case "extend" when happened.Copy is { } copy: _next.Copies.Add(copy); break;
            case "match": _next.Matched += happened.Length!.Value; break;
            case "evict": _next.Evicted += cachedBefore - _cachedCount; break;
            case "set_aside": _next.SetAside++; break;
            case "plan" when happened.Pass is not null:
                (_next.Number, _next.Sequences, _next.Held, _next.HeldAlone, _next.Used) =
                    (happened.Pass.Value, happened.Sequences!.Value, happened.Held!.Value, happened.HeldAlone!.Value, happened.Used!.Value);
                break;
            case "pass" when _passes.Count > 0 && _passes[^1].Number == happened.Pass:
                (_passes[^1].PageReads, _passes[^1].PageReadsAlone) = (happened.PageReads!.Value, happened.PageReadsAlone!.Value);
                break;
        }
    }

    /// <summary>Takes a pass that was planned.</summary>
    public void Take(ReplayedPass pass)
    {
        Pass taken = _next;
        _next = new Pass();
        if (_passes.Count == mostPasses) return;
        taken.Rows = pass.Rows;
        taken.Items = KvData.ItemsOf(pass.Plan);
        var live = new HashSet<long>();
        foreach ((long id, int computed, int[] pages) in pass.Sequences)
        {
            live.Add(id);
            int[] table = [computed, .. pages];
            if (_tables.TryGetValue(id, out int[]? before) && before.AsSpan().SequenceEqual(table)) continue;
            _tables[id] = table;
            taken.Tables.Add((id, computed, pages));
        }
        taken.Gone = [.. _tables.Keys.Where(id => !live.Contains(id))];
        foreach (long id in taken.Gone) _tables.Remove(id);
        int[] cached = [.. pass.CachedPages];
        if (!cached.AsSpan().SequenceEqual(_cached)) taken.Cached = _cached = cached;
        _passes.Add(taken);
    }

    /// <summary>Writes the fields <c>passes</c>, <c>sequences</c>, and those that a tree and a tokenizer add.</summary>
    public void Write(Utf8JsonWriter writer, SearchTree? tree, Tokenizer? tokenizer)
    {
        writer.WriteStartArray("passes");
        foreach (Pass pass in _passes) pass.Write(writer);
        writer.WriteEndArray();
        writer.WriteStartObject("sequences");
        foreach ((long id, Line line) in _lines)
        {
            writer.WriteStartArray($"{id}");
            if (line.From is { } from) writer.WriteNumberValue(from);
            else writer.WriteNullValue();
            writer.WriteNumberValue(line.Inherited);
            if (line.Beam is { } beam) writer.WriteNumberValue(beam);
            else writer.WriteNullValue();
            WriteNumbers(writer, line.Own);
            writer.WriteEndArray();
        }
        writer.WriteEndObject();
        if (tokenizer is not null) WritePieces(writer, tokenizer);
        if (tree is not null && tree.Nodes.Any(node => node.Source is not null)) WriteSteps(writer, tree);
    }

    private static void WriteNumbers(Utf8JsonWriter writer, IEnumerable<int> numbers)
    {
        writer.WriteStartArray();
        foreach (int number in numbers) writer.WriteNumberValue(number);
        writer.WriteEndArray();
    }

    private void WritePieces(Utf8JsonWriter writer, Tokenizer tokenizer)
    {
        writer.WriteStartObject("pieces");
        foreach (int id in _lines.Values.SelectMany(line => line.Own).Where(id => id < tokenizer.VocabularySize).Distinct().Order())
            writer.WriteString($"{id}", tokenizer.Decode([id], keepSpecialTokens: true));
        writer.WriteEndObject();
    }

    /// <summary>Which tokens of which sequence each step of the search is, and the pass in which each iteration's last token was drawn.</summary>
    private void WriteSteps(Utf8JsonWriter writer, SearchTree tree)
    {
        writer.WriteStartObject("steps");
        foreach (IGrouping<long, SearchNode> steps in tree.Nodes.Where(node => node.Source is not null).GroupBy(node => node.Source!.Value.Sequence))
        {
            writer.WriteStartArray($"{steps.Key}");
            foreach (SearchNode node in steps) WriteNumbers(writer, [node.Id, node.Source!.Value.First, node.Tokens]);
            writer.WriteEndArray();
        }
        writer.WriteEndObject();
        writer.WriteStartArray("iterations");
        int at = 0;
        foreach (IGrouping<int, SearchNode> iteration in tree.Nodes.GroupBy(node => node.Iteration).OrderBy(nodes => nodes.Key))
        {
            foreach (SearchNode node in iteration.Where(node => node.Source is not null))
                if (_lines.TryGetValue(node.Source!.Value.Sequence, out Line? line)) at = Math.Max(at, line.PassWhenLong(node.Source.Value.First + node.Tokens - 1));
            writer.WriteNumberValue(Math.Min(at, Math.Max(0, _passes.Count - 1)));
        }
        writer.WriteEndArray();
    }

    /// <summary>Keeps the tokens of every sequence: those it was forked with are its parent's.</summary>
    private void Follow(TraceEvent happened)
    {
        if (happened.Seq is not { } id) return;
        switch (happened.Event)
        {
            case "create":
                _lines[id] = new Line { Own = [.. happened.Tokens!], Beam = happened.Beam };
                break;
            case "fork" or "trunk":
                _lines[id] = new Line { From = happened.From, Inherited = happened.Length!.Value, Beam = happened.Event == "fork" ? happened.Beam : null };
                break;
            case "append":
                _lines[id].Own.AddRange(happened.Tokens!);
                break;
            case "truncate":
                _lines[id].Cut(happened.Length!.Value);
                break;
            case "result":
                Line line = _lines[id];
                if (happened.Length is { } kept) line.Cut(kept);
                line.Own.AddRange(happened.Tokens ?? []);
                line.Lengths.Add((line.Inherited + line.Own.Count, _passes.Count - 1));
                break;
        }
    }

    /// <summary>A sequence: where it comes from, and its own tokens.</summary>
    private sealed class Line
    {
        public long? From { get; init; }

        public int Inherited { get; set; }

        public int? Beam { get; init; }

        public List<int> Own { get; init; } = [];

        /// <summary>How long it was after which pass.</summary>
        public List<(int Length, int Pass)> Lengths { get; } = [];

        public void Cut(int length)
        {
            Own.RemoveRange(Math.Min(Own.Count, Math.Max(0, length - Inherited)), Math.Max(0, Own.Count - Math.Max(0, length - Inherited)));
            Inherited = Math.Min(Inherited, length);
        }

        public int PassWhenLong(int length) => Lengths.FirstOrDefault(at => at.Length >= length, Lengths.LastOrDefault()).Pass;
    }

    private sealed class Pass
    {
        public long Number { get; set; }
        public int Rows { get; set; }
        public int Sequences { get; set; }
        public int Held { get; set; }
        public int HeldAlone { get; set; }
        public int Used { get; set; }
        public int PageReads { get; set; }
        public int PageReadsAlone { get; set; }
        public int Matched { get; set; }
        public int Evicted { get; set; }
        public int SetAside { get; set; }
        public List<int[]> Copies { get; } = [];
        public object[][] Items { get; set; } = [];
        public List<(long Id, int Computed, int[] Pages)> Tables { get; } = [];
        public long[] Gone { get; set; } = [];
        public int[]? Cached { get; set; }

        public void Write(Utf8JsonWriter writer)
        {
            writer.WriteStartObject();
            writer.WriteNumber("pass", Number);
            writer.WriteNumber("rows", Rows);
            writer.WriteNumber("sequences", Sequences);
            writer.WriteNumber("held", Held);
            writer.WriteNumber("held_alone", HeldAlone);
            writer.WriteNumber("used", Used);
            writer.WriteNumber("page_reads", PageReads);
            writer.WriteNumber("page_reads_alone", PageReadsAlone);
            if (Matched > 0) writer.WriteNumber("matched", Matched);
            if (Evicted > 0) writer.WriteNumber("evicted", Evicted);
            if (SetAside > 0) writer.WriteNumber("set_aside", SetAside);
            if (Copies.Count > 0)
            {
                writer.WriteStartArray("copies");
                foreach (int[] copy in Copies) WriteNumbers(writer, copy);
                writer.WriteEndArray();
            }
            writer.WriteStartArray("items");
            foreach (object[] item in Items)
            {
                writer.WriteStartArray();
                foreach (object value in item)
                    if (value is int[] pages) WriteNumbers(writer, pages);
                    else writer.WriteNumberValue((int)value);
                writer.WriteEndArray();
            }
            writer.WriteEndArray();
            WriteTables(writer);
            writer.WriteEndObject();
        }

        private void WriteTables(Utf8JsonWriter writer)
        {
            if (Tables.Count > 0)
            {
                writer.WriteStartArray("tables");
                foreach ((long id, int computed, int[] pages) in Tables)
                {
                    writer.WriteStartArray();
                    writer.WriteNumberValue(id);
                    writer.WriteNumberValue(computed);
                    WriteNumbers(writer, pages);
                    writer.WriteEndArray();
                }
                writer.WriteEndArray();
            }
            if (Gone.Length > 0)
            {
                writer.WriteStartArray("gone");
                foreach (long id in Gone) writer.WriteNumberValue(id);
                writer.WriteEndArray();
            }
            if (Cached is not null)
            {
                writer.WritePropertyName("cached_pages");
                WriteNumbers(writer, Cached);
            }
        }
    }
}
