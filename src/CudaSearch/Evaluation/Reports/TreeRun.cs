using System.Text.Json;
using CudaSearch.Answers;
using CudaSearch.Search;

namespace CudaSearch.Evaluation.Reports;

/// <summary>One problem's search as its record tells it, with what a page shows beside.</summary>
public sealed class TreeRun
{
    private readonly JsonElement _record;
    private readonly IReadOnlyList<string> _answers;
    private readonly IReadOnlyList<string> _asWritten;
    private readonly IReadOnlyList<double> _scores;
    private readonly int[] _tokens;
    private readonly List<int[]> _votes;
    private readonly bool[] _mayVote;

    private TreeRun(JsonElement record, SearchTree tree)
    {
        _record = record;
        Tree = tree;
        Ballot ballot = Ballot.Read(record);
        (_answers, _asWritten, _scores) = (ballot.Answers, ballot.AsWritten, ballot.Scores);
        Problem = record.GetProperty("problem").GetString()!;
        Final = record.GetProperty("final_answer").GetString()!;
        Reference = record.TryGetProperty("answer", out JsonElement answer) && answer.ValueKind is JsonValueKind.String or JsonValueKind.Number ? answer.ToString() : null;
        Prm = record.GetProperty("prm").GetString();
        Scored = tree.Nodes.Any(node => node.Score is not null);
        _tokens = [.. tree.Completions.Select(node => node.Path().Sum(step => step.Tokens))];
        bool[] finished = record.TryGetProperty("finished", out JsonElement flags) ? [.. flags.EnumerateArray().Select(flag => flag.GetBoolean())] : [.. _answers.Select(_ => true)];
        _mayVote = finished.Contains(true) ? finished : [.. finished.Select(_ => true)];
        _votes = [.. Enumerable.Range(0, _answers.Count).GroupBy(i => CanonicalAnswer.Of(_answers[i])).Select(equal => equal.ToArray()).OrderByDescending(equal => equal.Sum(Weight))];
        string chosen = CanonicalAnswer.Of(Final);
        Chosen = Enumerable.Range(0, _answers.Count).Where(i => CanonicalAnswer.Of(_answers[i]) == chosen).OrderByDescending(i => _scores[i]).FirstOrDefault();
        Title = $"{record.GetProperty("strategy")} · n {record.GetProperty("n")} · seed {record.GetProperty("seed")}";
    }

    /// <summary>The problem's text.</summary>
    public string Problem { get; }

    /// <summary>Strategy, N and seed in a line.</summary>
    public string Title { get; }

    /// <summary>The answer of the run's vote.</summary>
    public string Final { get; }

    /// <summary>The reference answer; null where the record has none.</summary>
    public string? Reference { get; }

    /// <summary>Whether the final answer is right; null where nobody knows.</summary>
    public bool? Right => IsRight(Final);

    /// <summary>What judged the steps; null where the generator did itself, or nobody.</summary>
    public string? Prm { get; }

    /// <summary>Whether steps were scored.</summary>
    public bool Scored { get; }

    /// <summary>The completion that stands for the final answer.</summary>
    public int Chosen { get; }

    /// <summary>Its steps.</summary>
    public SearchTree Tree { get; }

    /// <summary>The record.</summary>
    public JsonElement Record => _record;

    /// <summary>Reads a record of <c>eval</c> or <c>solve --json</c>.</summary>
    /// <param name="record">The record; it must outlive the run.</param>
    /// <param name="where">Where it stands, for messages.</param>
    /// <exception cref="CudaSearchException">It holds no tree, or is no record.</exception>
    public static TreeRun Read(JsonElement record, string where)
    {
        SearchTree tree = TreeColumn.Read(record, where)
            ?? throw CudaSearchException.BadInput($"{where} holds no search tree; record it with --record-tree");
        try
        {
            var run = new TreeRun(record, tree);
            if (tree.Nodes.Count == 0 || tree.Completions.Count != run._answers.Count)
                throw CudaSearchException.BadInput($"{where}: the tree has {tree.Completions.Count} completions and the record {run._answers.Count}");
            return run;
        }
        catch (Exception exception) when (FinishedRecord.IsOfAnotherMaker(exception))
        {
            throw CudaSearchException.BadInput($"{where} holds a record that eval did not write", exception);
        }
    }

    /// <summary>Writes what <c>tree.js</c> reads.</summary>
    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("title", Title);
        writer.WriteString("final", Final);
        WriteBoolean(writer, "right", Right);
        writer.WriteBoolean("scored", Scored);
        writer.WriteNumber("chosen", Chosen);
        writer.WritePropertyName("usage");
        _record.GetProperty("usage").WriteTo(writer);
        double weight = Enumerable.Range(0, _answers.Count).Sum(Weight);
        int voters = _mayVote.Count(may => may);
        writer.WriteStartArray("votes");
        foreach (int[] vote in _votes) WriteVote(writer, vote, weight, voters);
        writer.WriteEndArray();
        writer.WriteStartArray("completions");
        for (int i = 0; i < _answers.Count; i++)
        {
            writer.WriteStartObject();
            writer.WriteString("answer", _asWritten[i]);
            writer.WriteNumber("score", _scores[i]);
            writer.WriteNumber("tokens", _tokens[i]);
            writer.WriteNumber("share", Share(Weight(i), weight));
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        writer.WritePropertyName(TreeColumn.Name);
        TreeColumn.Write(writer, Tree);
        writer.WriteEndObject();
    }

    private static double Share(double part, double whole) => whole > 0 ? part / whole : 0;

    private static void WriteBoolean(Utf8JsonWriter writer, string name, bool? value)
    {
        if (value is { } known) writer.WriteBoolean(name, known);
        else writer.WriteNull(name);
    }

    private void WriteVote(Utf8JsonWriter writer, int[] completions, double weight, int voters)
    {
        string answer = _answers[completions[0]];
        writer.WriteStartObject();
        writer.WriteString("answer", _asWritten[completions[0]]);
        writer.WriteNumber("weight_share", Share(completions.Sum(Weight), weight));
        writer.WriteNumber("count_share", Share(completions.Count(i => _mayVote[i]), voters));
        writer.WriteNumber("best", completions.Max(i => _scores[i]));
        writer.WriteBoolean("chosen", CanonicalAnswer.Of(answer) == CanonicalAnswer.Of(Final));
        WriteBoolean(writer, "right", IsRight(_asWritten[completions[0]]));
        writer.WriteStartArray("completions");
        foreach (int i in completions.OrderByDescending(i => _scores[i])) writer.WriteNumberValue(i);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    /// <summary>What a completion weighs in the vote that the page shows: its score where there are scores, else 1.</summary>
    private double Weight(int completion) => !_mayVote[completion] ? 0 : Scored ? _scores[completion] : 1;

    private bool? IsRight(string answer) => Reference is null ? null : AnswerEquivalence.AreEqual(Reference, answer);
}
