using System.Text.Json;
using CudaSearch.TinyMath;

// Writes what train.py learns from: DIRECTORY/train.jsonl and DIRECTORY/validation.jsonl. Held-out problems are never written.
if (args is not [var directory, .. var rest] || rest.Length > 1)
{
    Console.Error.WriteLine("usage: tinymath-export DIRECTORY [PROBLEMS-PER-SUBJECT-AND-LEVEL]");
    return 1;
}

var perCell = rest is [var count] ? int.Parse(count) : 3000;
Directory.CreateDirectory(directory);
var corruption = new TinyMathRandom(7);
Write(Path.Combine(directory, "train.jsonl"), Train(perCell));
Write(Path.Combine(directory, "validation.jsonl"), TinyMathDataset.Validation(30));
return 0;

static IEnumerable<TinyMathProblem> Train(int perCell)
{
    var generator = new TinyMathGenerator(1);
    for (var i = 0; i < perCell; i++)
    {
        foreach (var subject in TinyMathGenerator.Subjects)
        {
            for (var level = 1; level <= TinyMathGenerator.Levels; level++)
                yield return generator.Next(subject, level, TinyMathSplit.Train);
        }
    }
}

void Write(string path, IEnumerable<TinyMathProblem> problems)
{
    using var file = File.Create(path);
    foreach (var problem in problems)
    {
        using (var json = new Utf8JsonWriter(file))
        {
            json.WriteStartObject();
            json.WriteString("problem", problem.Problem);
            json.WriteString("answer", problem.Answer);
            json.WriteString("solution", problem.Solution);
            json.WriteString("subject", problem.Subject);
            json.WriteNumber("level", problem.Level);
            json.WriteString("unique_id", problem.UniqueId);
            json.WriteStartArray("corrupted");
            for (var i = 0; i < 2; i++)
                json.WriteStringValue(TinyMathCorruption.Corrupt(problem, corruption).Solution);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        file.WriteByte((byte)'\n');
    }
}
