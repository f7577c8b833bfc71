using System.Text.Json;
using System.Text.Json.Serialization;

namespace CudaSearch.Engine.Tracing;

/// <summary>
/// One thing that happened to the sequences and pages of an engine: a line of a trace. Which fields an event has, and what they mean, is in
/// <c>docs/kv-trace.md</c>.
/// </summary>
public sealed record TraceEvent
{
    /// <summary>What happened.</summary>
    public required string Event { get; init; }

    /// <summary>To which engine: 0 the generator's, 1 the verifier's.</summary>
    public int Engine { get; init; }

    /// <summary>Number of the pass (plan, pass).</summary>
    public long? Pass { get; init; }

    /// <summary>The sequence it happened to.</summary>
    public long? Seq { get; init; }

    /// <summary>The sequence that was forked, or whose pages were taken over.</summary>
    public long? From { get; init; }

    /// <summary>The scope its cost is counted in: one a problem.</summary>
    public int? Scope { get; init; }

    /// <summary>The random stream that the sequence draws from.</summary>
    public int? Beam { get; init; }

    /// <summary>Token ids given, drawn, or kept after a cut.</summary>
    public int[]? Tokens { get; init; }

    /// <summary>Tokens left, matched, or lost.</summary>
    public int? Length { get; init; }

    /// <summary>What is asked for: generate, reward or logits.</summary>
    public string? Kind { get; init; }

    /// <summary>Positions whose reward is asked for.</summary>
    public int[]? Positions { get; init; }

    /// <summary>Sequences there would be in its place without sharing.</summary>
    public int? Owners { get; init; }

    /// <summary>Whether the request is answered.</summary>
    public bool? Done { get; init; }

    /// <summary>Position of the first token computed.</summary>
    public int? First { get; init; }

    /// <summary>Tokens computed.</summary>
    public int? Rows { get; init; }

    /// <summary>Page copied, and page it was copied to.</summary>
    public int[]? Copy { get; init; }

    /// <summary>Pages taken from the free ones.</summary>
    public int[]? Allocated { get; init; }

    /// <summary>Pages with one more reference.</summary>
    public int[]? Shared { get; init; }

    /// <summary>Pages with one reference less, but not free.</summary>
    public int[]? Released { get; init; }

    /// <summary>Pages that became free.</summary>
    public int[]? Freed { get; init; }

    /// <summary>Pages in use after it.</summary>
    public int? Used { get; init; }

    /// <summary>Pages that the cache of prefixes holds after it.</summary>
    public int? Cached { get; init; }

    /// <summary>Pages that sequences hold (plan).</summary>
    public int? Held { get; init; }

    /// <summary>Pages they would hold if none were shared (plan).</summary>
    public int? HeldAlone { get; init; }

    /// <summary>Sequences in the pass (plan).</summary>
    public int? Sequences { get; init; }

    /// <summary>Work items of the attention plan (pass).</summary>
    public int? Items { get; init; }

    /// <summary>Pages that the plan reads (pass).</summary>
    public int? PageReads { get; init; }

    /// <summary>Pages it would read if every sequence read its own (pass).</summary>
    public int? PageReadsAlone { get; init; }

    /// <summary>Milliseconds since the trace began (plan, pass).</summary>
    public double? Ms { get; init; }

    /// <summary>generator or prm (engine).</summary>
    public string? Name { get; init; }

    /// <summary>The model's name (engine).</summary>
    public string? Model { get; init; }

    /// <summary>Pages of the cache (engine).</summary>
    public int? Pages { get; init; }

    /// <summary>Tokens a page holds (engine).</summary>
    public int? PageSize { get; init; }

    /// <summary>Bytes a page takes (engine).</summary>
    public long? PageBytes { get; init; }

    /// <summary>Most tokens of a pass (engine).</summary>
    public int? MaxRows { get; init; }

    /// <summary>Most rows of a pass that yield something (engine).</summary>
    public int? MaxOutputRows { get; init; }

    /// <summary>Spans with more rows are left out of attention plans (engine).</summary>
    public int? MaxSpanRows { get; init; }

    /// <summary>Most partial states of an attention plan (engine).</summary>
    public long? MaxPartials { get; init; }

    /// <summary>Keys whose reading costs as much as one more partial state (engine).</summary>
    public int? StateKeys { get; init; }

    /// <summary>Items of an attention plan that keep the device busy (engine).</summary>
    public int? MinItems { get; init; }

    /// <summary>Whether sequences read shared pages together (engine).</summary>
    public bool? SharedAttention { get; init; }

    /// <summary>Version of the format (trace).</summary>
    public int? Version { get; init; }

    /// <summary>As a line of a trace, without its end.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, TraceJson.Default.TraceEvent);

    /// <summary>Reads a line of a trace.</summary>
    /// <exception cref="JsonException">It is none.</exception>
    public static TraceEvent FromJson(string line) => JsonSerializer.Deserialize(line, TraceJson.Default.TraceEvent) ?? throw new JsonException("null is no event");
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(TraceEvent))]
internal sealed partial class TraceJson : JsonSerializerContext;
