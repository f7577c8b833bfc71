using CudaSearch.Evaluation.Datasets;
using CudaSearch.Evaluation.ProcessBench;
using CudaSearch.Tests.Checkpoints;

namespace CudaSearch.Tests.Evaluation.ProcessBench;

/// <summary>Where labelled solutions come from, and how verifiers see them.</summary>
public sealed class LabelledSolutionTests : IDisposable
{
    private const string Row = """{"id": "gsm8k-0", "generator": "any", "problem": "1+1?", "steps": ["1+1=3", "So 3."], "final_answer_correct": false, "label": 0}""";

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ProcessBenchsLayoutIsRead()
    {
        string path = _folder.Write("bench.jsonl", $"{Row}\n\n{Row.Replace("\"label\": 0", "\"label\": -1").Replace("\"id\": \"gsm8k-0\", ", "")}\n");
        IReadOnlyList<LabelledSolution> rows = ProcessBenchDataset.Load(path, RowRange.All);
        Assert.Equal(("gsm8k-0", "1+1?", 0, true), (rows[0].Id, rows[0].Problem, rows[0].Label, rows[0].IsWrong));
        Assert.Equal(["1+1=3", "So 3."], rows[0].Steps);
        Assert.Equal(("row-2", -1, false), (rows[1].Id, rows[1].Label, rows[1].IsWrong));
        Assert.Equal("row-2", Assert.Single(ProcessBenchDataset.Load(path, new RowRange(Start: 1))).Id);
    }

    [Theory]
    [InlineData("\"label\": 0", "\"label\": 2", "\"label\" is 2", "from 0 to 1")]
    [InlineData("\"label\": 0", "\"label\": -2", "\"label\" is -2")]
    [InlineData("\"label\": 0", "\"label\": 0.5", "\"label\" is 0.5")]
    [InlineData("\"label\": 0", "\"label\": \"0\"", "\"label\" is \"0\"")]
    [InlineData(", \"label\": 0", "", "no \"label\"")]
    [InlineData("[\"1+1=3\", \"So 3.\"]", "[]", "\"steps\" has to be a list of texts")]
    [InlineData("\"So 3.\"]", "3]", "\"steps\" has to be a list of texts")]
    [InlineData("\"steps\"", "\"step\"", "no \"steps\"")]
    public void AWrongRowIsNamed(string part, string instead, params string[] expected)
    {
        string path = _folder.Write("bench.jsonl", $"{Row}\n{Row.Replace(part, instead)}\n");
        CudaSearchException e = Assert.Throws<CudaSearchException>(() => ProcessBenchDataset.Load(path, RowRange.All));
        Assert.All([.. expected, $"{path}, row 2"], text => Assert.Contains(text, e.Message));
    }

    [Theory]
    [InlineData("a", "b")]
    [InlineData("a\n\nb", "c\n\n\n\nd")]
    [InlineData("\n\na\n", "\nb\n\n")]
    [InlineData("", "a", "")]
    [InlineData("\n\n\n", "a")]
    public void ThereIsOnePieceAStep(params string[] steps) =>
        Assert.Equal(steps.Length, new LabelledSolution("id", "p", steps, -1).Answer.Split("\n\n").Length);

    [Fact]
    public void TinyMathHasARightAndAWrongSolutionForEveryProblem()
    {
        IReadOnlyList<LabelledSolution> all = TinyMathSolutions.HeldOut(RowRange.All, seed: 1);
        Assert.Equal(700, all.Count);
        Assert.Equal(350, all.Count(solution => solution.IsWrong));
        Assert.Equal(700, all.Select(solution => solution.Id).Distinct().Count());
        for (int i = 0; i < all.Count; i += 2)
        {
            (LabelledSolution right, LabelledSolution wrong) = (all[i], all[i + 1]);
            Assert.Equal(right.Problem, wrong.Problem);
            Assert.Equal(right.Steps.Take(wrong.Label), wrong.Steps.Take(wrong.Label));
            Assert.NotEqual(right.Steps[wrong.Label], wrong.Steps[wrong.Label]);
        }
        Assert.Equal(all.Skip(20).Take(2).Select(solution => solution.Answer), TinyMathSolutions.HeldOut(new RowRange(Start: 10, Limit: 1), seed: 1).Select(solution => solution.Answer));
    }
}
