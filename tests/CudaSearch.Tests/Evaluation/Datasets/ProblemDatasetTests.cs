using System.Text;
using CsCheck;
using CudaSearch.Evaluation.Datasets;

namespace CudaSearch.Tests.Evaluation.Datasets;

public sealed class ProblemDatasetTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName() + ".jsonl");

    public void Dispose() => File.Delete(_path);

    private ProblemDataset Load(string text, RowRange? range = null)
    {
        File.WriteAllText(_path, text);
        return ProblemDataset.Load(_path, range);
    }

    private string Refused(string text, RowRange? range = null)
    {
        CudaSearchException e = Assert.Throws<CudaSearchException>(() => Load(text, range));
        Assert.Equal(Failure.BadInput, e.Failure);
        return e.Message;
    }

    [Fact]
    public void Reads_rows_and_keeps_every_column()
    {
        const string row = """{"problem": "1+1\n", "answer": 2, "level": 3, "subject": "Algebra", "unique_id": "a/1", "extra": {"x": [1.50, null, "é"]}}""";
        DatasetRow read = Load(row).Rows[0];
        Assert.Equal(("1+1\n", "2", "3", "Algebra", "a/1", 0), (read.Problem, read.Answer, read.Level, read.Subject, read.UniqueId, read.Index));
        Assert.Equal(row, read.Columns.GetRawText());
        DatasetRow bare = Load("""{"problem": "p", "answer": null}""").Rows[0];
        Assert.Equal(("p", null, null, null), (bare.Problem, bare.Answer, bare.Level, bare.Subject));
    }

    [Fact]
    public void Skips_blank_lines_and_a_byte_order_mark()
    {
        ProblemDataset dataset = Load("\uFEFF{\"problem\": \"a\"}\r\n\n  \t\r\n{\"problem\": \"b\"}");
        Assert.Equal(["a", "b"], dataset.Rows.Select(row => row.Problem));
        Assert.Equal([0, 1], dataset.Rows.Select(row => row.Index));
    }

    [Theory]
    [InlineData(null, null, null, "0123456")]
    [InlineData(2, 5, null, "234")]
    [InlineData(2, null, 2, "23")]
    [InlineData(null, 3, 9, "012")]
    [InlineData(5, 99, null, "56")]
    [InlineData(1, null, int.MaxValue, "123456")]
    public void Takes_a_range(int? start, int? end, int? limit, string rows)
    {
        ProblemDataset dataset = Load(string.Join('\n', Enumerable.Range(0, 7).Select(i => $$"""{"problem": "{{i}}"}""")), new RowRange(start, end, limit));
        Assert.Equal(rows, string.Concat(dataset.Rows.Select(row => row.Problem)));
        Assert.Equal(rows, string.Concat(dataset.Rows.Select(row => row.Index)));
        Assert.Equal(7, dataset.TotalRows);
    }

    [Theory]
    [InlineData(7, null, null)]
    [InlineData(-1, null, null)]
    [InlineData(3, 3, null)]
    [InlineData(null, null, 0)]
    [InlineData(null, -1, null)]
    public void Refuses_an_empty_range(int? start, int? end, int? limit) => Refused("{\"problem\": \"a\"}", new RowRange(start, end, limit));

    [Theory]
    [InlineData("{\"problem\": \"a\"}\n\n{\"exercise\": \"b\", \"answer\": \"1\"}", "line 3", "\"problem\"", "exercise, answer")]
    [InlineData("{}", "line 1", "\"problem\"", "no keys")]
    [InlineData("{\"problem\": \"a\"}\n{\"problem\": \"b\"", "line 2", "not valid JSON")]
    [InlineData("{\"problem\": \"a\"} {\"problem\": \"b\"}", "line 1", "not valid JSON")]
    [InlineData("[1]", "line 1", "an array")]
    [InlineData("{\"problem\": 5}", "line 1", "a number")]
    [InlineData("{\"problem\": \"a\", \"answer\": [1]}", "line 1", "\"answer\"", "an array")]
    [InlineData("{\"problem\": \"a\", \"note\": [\"\\ud800\"]}", "line 1", "surrogate")]
    [InlineData("\n\n", "no rows")]
    public void Names_file_line_and_fault(string text, params string[] parts)
    {
        string message = Refused(text);
        Assert.Contains(_path, message);
        Assert.All(parts, part => Assert.Contains(part, message));
    }

    [Fact]
    public void Refuses_what_is_no_text_file()
    {
        File.WriteAllBytes(_path, [.. "{\"problem\": \""u8, 0xff, .. "\"}"u8]);
        Assert.Contains("not UTF-8", Assert.Throws<CudaSearchException>(() => ProblemDataset.Load(_path)).Message);
        Assert.Contains("no such file", Assert.Throws<CudaSearchException>(() => ProblemDataset.Load(_path + ".absent")).Message);
        Assert.Contains("directory", Assert.Throws<CudaSearchException>(() => ProblemDataset.Load(Path.GetTempPath())).Message);
    }

    [Fact]
    public void Damaged_files_raise_only_our_exception()
    {
        byte[] good = Encoding.UTF8.GetBytes("{\"problem\": \"a\\u00e9\", \"answer\": {\"x\": [1, \"\\ud83d\\ude00\"]}}\n{\"problem\": \"b\", \"level\": 1e5}\n");
        Gen.Select(Gen.Int[0, good.Length - 1], Gen.Byte, Gen.Int[0, good.Length]).Array[1, 3].Sample(edits =>
        {
            byte[] bad = [.. good];
            foreach ((int at, byte value, int _) in edits) bad[at] = value;
            File.WriteAllBytes(_path, bad[..edits[0].Item3]);
            try
            {
                ProblemDataset.Load(_path);
            }
            catch (CudaSearchException)
            {
            }
        }, iter: 2_000, threads: 1);
    }

    [Fact]
    public void Reads_math500()
    {
        ProblemDataset dataset = ProblemDataset.Load(SharedData.PathOf("problems", "math500.jsonl"));
        Assert.Equal(500, dataset.Rows.Count);
        Assert.Equal(7, dataset.Rows.Select(row => row.Subject).Distinct().Count());
        Assert.Equal(["1", "2", "3", "4", "5"], dataset.Rows.Select(row => row.Level!).Distinct().Order());
        Assert.All(dataset.Rows, row => Assert.NotNull(row.Answer));
    }
}
