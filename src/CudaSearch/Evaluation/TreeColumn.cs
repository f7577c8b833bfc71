using System.Text.Json;
using CudaSearch.Search;

namespace CudaSearch.Evaluation;

/// <summary>
/// The column <c>tree</c> of a run's records (<c>--record-tree</c>): every step of the search, in the order written. Its fields are listed in
/// <c>docs/search-tree.md</c>.
/// </summary>
public static class TreeColumn
{
    /// <summary>What it is called.</summary>
    public const string Name = "tree";

    /// <summary>Writes a tree as one JSON object.</summary>
    public static void Write(Utf8JsonWriter writer, SearchTree tree)
    {
        writer.WriteStartObject();
        writer.WriteStartArray("nodes");
        foreach (SearchNode node in tree.Nodes) Write(writer, node);
        writer.WriteEndArray();
        writer.WriteStartArray("completions");
        foreach (SearchNode node in tree.Completions) writer.WriteNumberValue(node.Id);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    /// <summary>The tree of a record; null where it holds none.</summary>
    /// <param name="record">A record of <c>eval</c> or <c>solve --json</c>.</param>
    /// <param name="where">Where it stands, for the message.</param>
    /// <exception cref="CudaSearchException">The column is not as documented.</exception>
    public static SearchTree? Read(JsonElement record, string where)
    {
        if (!record.TryGetProperty(Name, out JsonElement column)) return null;
        try
        {
            var tree = new SearchTree();
            foreach (JsonElement node in column.GetProperty("nodes").EnumerateArray()) tree.Restore(ReadNode(node, tree.Nodes));
            tree.Completions = [.. column.GetProperty("completions").EnumerateArray().Select(id => tree.Nodes[id.GetInt32()])];
            return tree;
        }
        catch (Exception exception) when (FinishedRecord.IsOfAnotherMaker(exception) || exception is ArgumentException)
        {
            throw CudaSearchException.BadInput($"{where}: the column \"{Name}\" is not one that eval writes: {exception.Message}", exception);
        }
    }

    /// <summary>The name of a state or reason in records: lower case, words joined by underscores.</summary>
    public static string NameOf<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());

    private static void Write(Utf8JsonWriter writer, SearchNode node)
    {
        writer.WriteStartObject();
        if (node.Parent is { } parent) writer.WriteNumber("parent", parent.Id);
        else writer.WriteNull("parent");
        writer.WriteNumber("beam", node.Beam);
        writer.WriteNumber("iteration", node.Iteration);
        writer.WriteString("step", node.Step);
        writer.WriteNumber("tokens", node.Tokens);
        if (node.Lookahead.Length > 0) writer.WriteString("lookahead", node.Lookahead);
        if (node.LookaheadTokens > 0) writer.WriteNumber("lookahead_tokens", node.LookaheadTokens);
        if (node.Score is { } score)
        {
            // Most of a step's scores are those of the steps before it.
            IReadOnlyList<double> before = node.Parent?.StepScores ?? [];
            int same = before.Zip(node.StepScores).TakeWhile(pair => pair.First.Equals(pair.Second)).Count();
            writer.WriteNumber("scores_kept", same);
            writer.WriteStartArray("scores");
            foreach (double stepScore in node.StepScores.Skip(same)) writer.WriteNumberValue(stepScore);
            writer.WriteEndArray();
            writer.WriteNumber("score", score);
        }
        if (node.Source is { } source)
        {
            writer.WriteNumber("seq", source.Sequence);
            writer.WriteNumber("first", source.First);
        }
        writer.WriteString("state", NameOf(node.State));
        if (node.Reason is { } reason) writer.WriteString("reason", NameOf(reason));
        if (node.DecidedIn is { } iteration) writer.WriteNumber("decided", iteration);
        writer.WriteEndObject();
    }

    private static SearchNode ReadNode(JsonElement node, IReadOnlyList<SearchNode> before)
    {
        JsonElement parentId = node.GetProperty("parent");
        SearchNode? parent = parentId.ValueKind == JsonValueKind.Null ? null : before[parentId.GetInt32()];
        var read = new SearchNode(
            before.Count, parent, node.GetProperty("beam").GetInt32(), node.GetProperty("iteration").GetInt32(), node.GetProperty("step").GetString()!)
        {
            Tokens = node.GetProperty("tokens").GetInt32(),
            Lookahead = node.TryGetProperty("lookahead", out JsonElement lookahead) ? lookahead.GetString()! : "",
            LookaheadTokens = node.TryGetProperty("lookahead_tokens", out JsonElement tokens) ? tokens.GetInt32() : 0,
            Source = node.TryGetProperty("seq", out JsonElement sequence) ? new TokenSource(sequence.GetInt64(), node.GetProperty("first").GetInt32()) : null,
            State = Parse<NodeState>(node.GetProperty("state")),
            Reason = node.TryGetProperty("reason", out JsonElement reason) ? Parse<DecisionReason>(reason) : null,
            DecidedIn = node.TryGetProperty("decided", out JsonElement decided) ? decided.GetInt32() : null,
        };
        if (!node.TryGetProperty("score", out JsonElement score)) return read;
        int kept = node.GetProperty("scores_kept").GetInt32();
        if (kept > (parent?.StepScores.Count ?? 0)) throw new FormatException($"node {read.Id} keeps {kept} scores and its parent has fewer");
        read.Score = score.GetDouble();
        read.StepScores = [.. (parent?.StepScores ?? []).Take(kept), .. node.GetProperty("scores").EnumerateArray().Select(value => value.GetDouble())];
        return read;
    }

    private static T Parse<T>(JsonElement name)
        where T : struct, Enum
    {
        foreach (T value in Enum.GetValues<T>())
            if (name.ValueEquals(NameOf(value))) return value;
        throw new FormatException($"\"{name}\" is no {typeof(T).Name}");
    }
}
