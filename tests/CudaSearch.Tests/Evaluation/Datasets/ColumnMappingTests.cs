using System.Text.Json;
using CudaSearch.Answers;
using CudaSearch.Evaluation.Datasets;
using CudaSearch.Tests.Checkpoints;

namespace CudaSearch.Tests.Evaluation.Datasets;

/// <summary>What the columns of well-known and of unknown datasets are taken for.</summary>
public sealed class ColumnMappingTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("""{"problem": "p", "answer": "2", "subject": "Algebra", "level": 3, "unique_id": "u", "solution": "s"}""", "p|2|3|Algebra|u")]
    [InlineData("""{"problem": "p", "solution": "so $\\boxed{\\frac12}$", "level": "Level 5", "type": "Algebra"}""", """p|\frac{1}{2}|Level 5|Algebra|""")]
    [InlineData("""{"question": "p", "answer": "She has 4.\n#### 1,042"}""", "p|1042|||")]
    [InlineData("""{"ID": "2024-I-4", "Problem": "p", "Solution": "s \\boxed{1}", "Answer": 116}""", "p|116|||2024-I-4")]
    [InlineData("""{"id": 3, "problem": "p", "answer": 142.0, "url": "https://example.org"}""", "p|142.0|||3")]
    [InlineData("""{"problem": "p", "question": "q", "answer": null, "type": ["a", "b"]}""", "p||||")]
    [InlineData("""{"problem": "see\n#### 3", "answer": "#### is not a mark here: x"}""", "see\n#### 3|is not a mark here: x|||")]
    public void KnowsLayoutsByTheirColumns(string line, string expected) => Assert.Equal(expected, Show(Load("data.jsonl", line)));

    [Fact]
    public void NamedColumnsComeFirst()
    {
        const string line = """{"problem": "p", "prompt": "q", "answer": "1", "gold": "2", "hard": "x"}""";
        ColumnMapping mapping = ColumnMapping.Parse(["problem=prompt, answer=gold", "level=hard"]);
        Assert.Equal("q|2|x||", Show(Load("data.jsonl", line, mapping)));
        CudaSearchException absent = Assert.Throws<CudaSearchException>(() => Load("data.jsonl", line, ColumnMapping.Parse(["subject=topic"])));
        Assert.All(["line 1", "\"topic\"", "subject", "the keys problem, prompt"], part => Assert.Contains(part, absent.Message));
    }

    [Theory]
    [InlineData("problem", "problem=question")]
    [InlineData("problem=", "problem=question")]
    [InlineData("task=x", "problem, answer, level, subject, unique_id")]
    [InlineData("answer=a,answer=b", "already, a")]
    public void AMappingThatIsNone(string text, string part) =>
        Assert.Contains(part, Assert.Throws<CudaSearchException>(() => ColumnMapping.Parse([text])).Message, StringComparison.Ordinal);

    [Fact]
    public void ColumnsAreKeptAndFoundUnderKnownNamesToo()
    {
        DatasetRow row = Load("data.jsonl", """{"question": "p", "answer": "a, b\n#### 7", "Level": 2, "x": [1.50]}""");
        Assert.Equal("""{"question":"p","Level":2,"x":[1.50],"answer":"7","level":"2","solution":"a, b\n#### 7"}""", row.Columns.GetRawText());
        // Read back, as merge does with a record, it says the same.
        DatasetRow again = Load("data.jsonl", row.Columns.GetRawText());
        Assert.Equal(Show(row), Show(again));
    }

    [Fact]
    public void ReadsCsvWithQuotesLineEndsAndEmptyFields()
    {
        const string text = "\uFEFFProblem,Answer,note\r\n\"a, \"\"b\"\"\r\nc\",1,\r\n\r\nd,\"2\",x'y\ne,,\"\"";
        IReadOnlyList<DatasetRow> rows = ProblemDataset.Load(_folder.Write("data.csv", text)).Rows;
        Assert.Equal(["a, \"b\"\r\nc|1|||", "d|2|||", "e||||"], rows.Select(Show));
        Assert.Equal("x'y", rows[1].Columns.GetProperty("note").GetString());
        Assert.Equal(JsonValueKind.Null, rows[2].Columns.GetProperty("note").ValueKind);
    }

    [Theory]
    [InlineData("problem,answer\na,1,2", "line 2", "3 fields", "2 columns")]
    [InlineData("problem,answer\na,1\n\"b\nc,2", "line 3", "never closed")]
    [InlineData("problem,answer\n\"a\"b,1", "line 2", "closing double quote")]
    [InlineData("problem,problem\na,1", "line 1", "\"problem\" is there twice")]
    [InlineData("problem,answer\n\"x\ny\",1\n,2", "line 4", "\"problem\"", "null")]
    public void CsvThatIsNone(string text, params string[] parts)
    {
        string path = _folder.Write("data.csv", text);
        string message = Assert.Throws<CudaSearchException>(() => ProblemDataset.Load(path)).Message;
        Assert.All([path, .. parts], part => Assert.Contains(part, message));
    }

    [Fact]
    public void ReadsTabSeparatedValues() =>
        Assert.Equal("a,b|1|||", Show(ProblemDataset.Load(_folder.Write("data.tsv", "question\tanswer\na,b\t1\n")).Rows[0]));

    [Theory]
    [InlineData("math500.jsonl", 500)]
    [InlineData("gsm8k_test.jsonl", 1319)]
    [InlineData("aime24.jsonl", 30)]
    [InlineData("amc23.jsonl", 40)]
    public void ReadsTheRealDatasets(string file, int rows)
    {
        ProblemDataset dataset = ProblemDataset.Load(SharedData.PathOf("problems", file));
        Assert.Equal(rows, dataset.TotalRows);
        Assert.All(dataset.Rows, row => Assert.False(string.IsNullOrWhiteSpace(row.Answer)));
    }

    [Fact]
    public void TheBoxOfMathsSolutionsIsTheirAnswer()
    {
        IReadOnlyList<DatasetRow> rows = ProblemDataset.Load(SharedData.PathOf("problems", "math500.jsonl")).Rows;
        IReadOnlyList<DatasetRow> boxed = ProblemDataset.Load(
            _folder.Write("boxed.jsonl",
                string.Join('\n', rows.Select(row => $$"""{"problem": "p", "solution": {{row.Columns.GetProperty("solution").GetRawText()}}}""")))).Rows;
        int equal = rows.Zip(boxed).Count(pair => AnswerEquivalence.AreEqual(pair.First.Answer!, pair.Second.Answer!));
        Assert.InRange(equal, 495, 500);
    }

    private DatasetRow Load(string name, string text, ColumnMapping? mapping = null) =>
        ProblemDataset.Load(_folder.Write(name, text), columns: mapping).Rows[0];

    private static string Show(DatasetRow row) => $"{row.Problem}|{row.Answer}|{row.Level}|{row.Subject}|{row.UniqueId}";
}
