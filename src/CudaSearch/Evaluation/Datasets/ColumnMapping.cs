using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;
using CudaSearch.Answers;

namespace CudaSearch.Evaluation.Datasets;

/// <summary>
/// Finds the problem and what is known about it in a row, whatever its columns are called. Without a word from the user it knows MATH and
/// MATH-500
/// (problem, answer, subject or type, level), GSM8K (question, answer = a solution that ends in <c>#### 18</c>), AIME and AMC (Problem,
/// Answer, or
/// only a solution with its answer boxed).
/// </summary>
public sealed partial class ColumnMapping
{
    private static readonly JsonWriterOptions s_json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    // In order of preference; upper and lower case are one.
    private static readonly Dictionary<string, string[]> s_known = new()
    {
        ["problem"] = ["problem", "question"],
        ["answer"] = ["answer", "final_answer", "expected_answer", "gold", "target"],
        ["level"] = ["level", "difficulty"],
        ["subject"] = ["subject", "type", "category"],
        ["unique_id"] = ["unique_id", "id"],
    };

    private readonly Dictionary<string, string> _named;

    private ColumnMapping(Dictionary<string, string> named) => _named = named;

    /// <summary>Only what is recognised by itself.</summary>
    public static ColumnMapping Known { get; } = new([]);

    /// <summary>Reads <c>problem=question,answer=gold</c>; the columns that are not named are recognised.</summary>
    /// <exception cref="CudaSearchException">It is not of that form, or names something that is not read from a dataset.</exception>
    public static ColumnMapping Parse(IEnumerable<string> texts)
    {
        var named = new Dictionary<string, string>();
        foreach (string part in texts.SelectMany(text => text.Split(',')))
        {
            string[] sides = part.Split('=', 2, StringSplitOptions.TrimEntries);
            if (sides is not [var name, { Length: > 0 } column])
                throw CudaSearchException.BadInput(
                    $"--column {part}: give the name, an equals sign and the dataset's own column, such as problem=question");
            if (!s_known.ContainsKey(name))
                throw CudaSearchException.BadInput(
                $"--column {part}: there is no {name} to name a column for; use {string.Join(", ", s_known.Keys)}");
            if (!named.TryAdd(name, column))
                throw CudaSearchException.BadInput($"--column {part}: {name} has a column already, {named[name]}");
        }
        return new ColumnMapping(named);
    }

    /// <summary>Reads one row.</summary>
    /// <param name="columns">All of its columns; kept, with what was found added under MATH's names.</param>
    /// <param name="index">Its position in the dataset.</param>
    /// <param name="where">File and line, for messages.</param>
    /// <exception cref="CudaSearchException">A column that is needed or named is not there, or is no text.</exception>
    internal DatasetRow Read(JsonElement columns, int index, string where)
    {
        JsonProperty problem = Find(columns, "problem", where)
            ?? throw CudaSearchException.BadInput(
                $"{where}: the row has no \"problem\"; it has {Keys(columns)}; name its column with --column problem=NAME");
        if (problem.Value.ValueKind != JsonValueKind.String)
            throw CudaSearchException.BadInput($"{where}: \"{problem.Name}\" has to be a text, but is {JsonKind.Of(problem.Value)}");
        var row = new DatasetRow(index, problem.Value.GetString()!, columns)
        {
            Answer = Answer(columns, where),
            Level = TextOrNumber(Find(columns, "level", where), "level", where),
            Subject = TextOrNumber(Find(columns, "subject", where), "subject", where),
            UniqueId = TextOrNumber(Find(columns, "unique_id", where), "unique_id", where),
        };
        return row with { Columns = UnderKnownNames(row) };
    }

    /// <summary>
    /// The reference answer: a column's, there what follows GSM8K's mark; without one, what the reference solution boxes.
    /// </summary>
    private string? Answer(JsonElement columns, string where)
    {
        string? answer = TextOrNumber(Find(columns, "answer", where), "answer", where);
        if (answer is not null)
            return AfterMark().Match(answer) is { Success: true } mark
            ? mark.Groups[1].Value.Replace(",", "", StringComparison.Ordinal)
            : answer;
        string? solution = Column(columns, "solution") is { Value.ValueKind: JsonValueKind.String } column ? column.Value.GetString() : null;
        return solution?.Contains("\\boxed", StringComparison.Ordinal) == true ? AnswerExtractor.Extract(solution) : null;
    }

    /// <summary>The column that the user named, which then has to be there, or the first one that is known by its name.</summary>
    private JsonProperty? Find(JsonElement columns, string name, string where)
    {
        if (_named.TryGetValue(name, out string? column))
        {
            foreach (JsonProperty property in columns.EnumerateObject())
                if (property.Name == column) return property;
            throw CudaSearchException.BadInput(
                $"{where}: the row has no \"{column}\", which --column names for {name}; it has {Keys(columns)}");
        }
        foreach (string known in s_known[name])
            if (Column(columns, known) is { } found) return found;
        return null;
    }

    private static JsonProperty? Column(JsonElement columns, string name)
    {
        JsonProperty? found = null;
        foreach (JsonProperty property in columns.EnumerateObject())
        {
            if (property.Name == name) return property;
            if (string.Equals(property.Name, name, StringComparison.OrdinalIgnoreCase)) found ??= property;
        }
        return found;
    }

    /// <summary>
    /// A column under its own or a named name has to be a text or a number; one that only looks like it is passed over when it is neither.
    /// </summary>
    private string? TextOrNumber(JsonProperty? column, string name, string where) => column?.Value.ValueKind switch
    {
        JsonValueKind.String => column.Value.Value.GetString(),
        JsonValueKind.Number => column.Value.Value.GetRawText(),
        null or JsonValueKind.Null => null,
        _ when column.Value.Name != name && !_named.ContainsKey(name) => null,
        _ =>
            throw CudaSearchException.BadInput(
            $"{where}: \"{column.Value.Name}\" has to be a text or a number, but is {JsonKind.Of(column.Value.Value)}"),
    };

    /// <summary>
    /// The columns with MATH's names for what stands under others, so that whoever reads the records needs no mapping. An answer column
    /// that holds a whole solution
    /// becomes the solution.
    /// </summary>
    private static JsonElement UnderKnownNames(DatasetRow row)
    {
        var added = new List<(string Name, string Value)>();
        void Add(string name, string? value)
        {
            if (value is not null && !Holds(row.Columns, name, value)) added.Add((name, value));
        }
        Add("answer", row.Answer);
        Add("level", row.Level);
        Add("subject", row.Subject);
        Add("unique_id", row.UniqueId);
        if (added.Count == 0) return row.Columns;
        bool isWholeSolution = added[0].Name == "answer" && !row.Columns.TryGetProperty("solution", out _);
        if (isWholeSolution && row.Columns.TryGetProperty("answer", out JsonElement whole) && whole.ValueKind == JsonValueKind.String)
            added.Add(("solution", whole.GetString()!));
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, s_json))
        {
            writer.WriteStartObject();
            foreach (JsonProperty column in row.Columns.EnumerateObject())
                if (added.TrueForAll(field => field.Name != column.Name)) column.WriteTo(writer);
            foreach ((string name, string value) in added) writer.WriteString(name, value);
            writer.WriteEndObject();
        }
        using JsonDocument document = JsonDocument.Parse(buffer.WrittenMemory);
        return document.RootElement.Clone();
    }

    private static bool Holds(JsonElement columns, string name, string value) =>
        columns.TryGetProperty(name, out JsonElement own) && own.ValueKind is JsonValueKind.String or JsonValueKind.Number && own.ToString() == value;

    private static string Keys(JsonElement columns)
    {
        string keys = string.Join(", ", columns.EnumerateObject().Select(column => column.Name));
        return keys.Length == 0 ? "no keys" : $"the keys {keys}";
    }

    [GeneratedRegex(@"^####[ \t]*(\S.*?)\s*\z", RegexOptions.Multiline)]
    private static partial Regex AfterMark();
}
