using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using CudaSearch.Answers;
using CudaSearch.Evaluation.Merging;
using CudaSearch.Search;
using CudaSearch.Verification;

namespace CudaSearch.Evaluation.Subsampling;

/// <summary>A record with all its answers, of which the first can be cut out.</summary>
internal sealed class FullRecord
{
    private static readonly JsonWriterOptions s_json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly JsonElement _record;
    private readonly string _strategy;
    private readonly int _from;
    private readonly Aggregation _aggregation;

    private FullRecord(ShardRecord source, JsonElement record, int from)
    {
        Source = source;
        _record = record;
        _from = from;
        _strategy = record.GetProperty("strategy").GetString()!;
        _aggregation = Enum.Parse<Aggregation>(SettingsText.Find(record.GetProperty("settings").GetString()!, "aggregate") ?? "last", ignoreCase: true);
        Ballot = Ballot.Read(record);
        FinalAnswer = record.GetProperty("final_answer").GetString()!;
        IsScored = record.GetProperty("prm").ValueKind != JsonValueKind.Null;
        if (Ballot.Answers.Count != from || record.GetProperty("scores").GetArrayLength() != from || record.GetProperty("usage").ValueKind != JsonValueKind.Object)
            throw CudaSearchException.BadInput($"{source.Where}: the record has {Ballot.Answers.Count} completions and an n of {from}; they must be as many");
    }

    /// <summary>Where it is from.</summary>
    public ShardRecord Source { get; }

    /// <summary>All its answers as voters.</summary>
    public Ballot Ballot { get; }

    /// <summary>The answer that its run's vote chose.</summary>
    public string FinalAnswer { get; }

    /// <summary>Whether its answers have scores.</summary>
    public bool IsScored { get; }

    /// <summary>Reads a record of a run.</summary>
    /// <exception cref="CudaSearchException">It lacks something.</exception>
    public static FullRecord Read(ShardRecord source, int from)
    {
        using JsonDocument document = JsonDocument.Parse(source.Text);
        try
        {
            return new FullRecord(source, document.RootElement.Clone(), from);
        }
        catch (Exception e) when (FinishedRecord.IsOfAnotherMaker(e) || e is ArgumentException)
        {
            throw CudaSearchException.BadInput($"{source.Where}: not a whole record of eval: {e.Message}", e);
        }
    }

    /// <summary>The record of a run that wrote only the first <paramref name="n"/> answers, as a line.</summary>
    public string Cut(int n, Vote vote)
    {
        var line = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(line, s_json))
        {
            writer.WriteStartObject();
            foreach (JsonProperty field in _record.EnumerateObject()) Write(writer, field, n, vote);
            writer.WriteEndObject();
        }
        return Encoding.UTF8.GetString(line.WrittenSpan);
    }

    private void Write(Utf8JsonWriter writer, JsonProperty field, int n, Vote vote)
    {
        switch (field.Name)
        {
            case "n":
                writer.WriteNumber(field.Name, n);
                break;
            case "completions" or "scores" or "agg_scores" or "completion_tokens" when field.Value.ValueKind == JsonValueKind.Array:
                WriteFirst(writer, field, n);
                break;
            case "finished":
                // As eval writes it: only where some are not.
                if (field.Value.EnumerateArray().Take(n).Any(finished => !finished.GetBoolean())) WriteFirst(writer, field, n);
                break;
            case "pred":
                writer.WriteString(field.Name, _record.GetProperty("completions")[Best(n)].GetString());
                break;
            case "final_answer":
                writer.WriteString(field.Name, Ballot.Choose(vote, n));
                break;
            case TreeColumn.Name:
                // It is of the whole search, and what led to the first answers alone cannot be told apart in it.
                break;
            case "usage":
                WriteUsage(writer, field.Value, n);
                break;
            default:
                // A vote over the first k is what it was, as long as there are k.
                if (VotersOf(field.Name) is not { } k || k <= n) field.WriteTo(writer);
                break;
        }
    }

    private static void WriteFirst(Utf8JsonWriter writer, JsonProperty field, int n)
    {
        writer.WriteStartArray(field.Name);
        foreach (JsonElement item in field.Value.EnumerateArray().Take(n)) item.WriteTo(writer);
        writer.WriteEndArray();
    }

    /// <summary>The first of the first n with the largest aggregate. The aggregate is the search's, which under --compat is not that of votes.</summary>
    private int Best(int n) => Selection.ArgMax([.. _record.GetProperty("scores").EnumerateArray().Take(n).Select(Aggregate)]);

    private double Aggregate(JsonElement scores) =>
        scores.GetArrayLength() == 0 ? 0 : _aggregation.Aggregate([.. scores.EnumerateArray().Select(score => score.GetDouble())]);

    /// <summary>The k of <c>pred_maj@k</c> and the like.</summary>
    private static int? VotersOf(string name)
    {
        int at = name.IndexOf('@', StringComparison.Ordinal);
        return at > 0 && name[..at] is "pred_naive" or "pred_weighted" or "pred_maj" && int.TryParse(name.AsSpan(at + 1), CultureInfo.InvariantCulture, out int k) ? k : null;
    }

    /// <summary>
    /// What is known of the cost: the tokens of whole answers are counted; of subtrees, whose candidates left no answer, the proportional share is given and said
    /// to be an estimate. The rest cannot be divided, because other answers shared passes and pages: it is null.
    /// </summary>
    private void WriteUsage(Utf8JsonWriter writer, JsonElement usage, int n)
    {
        writer.WriteStartObject("usage");
        long all = usage.GetProperty("generated_tokens").GetInt64();
        bool counted = FairSample.CountsEveryToken(_strategy);
        foreach (JsonProperty cost in usage.EnumerateObject().Where(cost => cost.Name is not ("subsampled_from" or "generated_tokens_estimated")))
        {
            if (cost.Name != "generated_tokens") writer.WriteNull(cost.Name);
            else if (counted) writer.WriteNumber(cost.Name, _record.GetProperty("completion_tokens").EnumerateArray().Take(n).Sum(tokens => tokens.GetInt64()));
            else writer.WriteNumber(cost.Name, (long)Math.Round((double)all * n / _from));
        }
        writer.WriteNumber("subsampled_from", usage.TryGetProperty("subsampled_from", out JsonElement first) ? first.GetInt32() : _from);
        if (!counted) writer.WriteBoolean("generated_tokens_estimated", true);
        writer.WriteEndObject();
    }
}
