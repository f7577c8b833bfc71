using System.Text.Json;
using CudaSearch.Evaluation.Export;
using CudaSearch.Tests.Checkpoints;

namespace CudaSearch.Tests.Evaluation.Export;

public sealed class TrainingDataTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    // Two first steps. After a: right, right, wrong. After b: wrong, wrong. And a solution with no step of them.
    private static readonly string[] s_solutions =
    [
        RunWriter.Solution("7", "a", "c"), RunWriter.Solution("7", "a", "c"), RunWriter.Solution("9", "a", "d"),
        RunWriter.Solution("8", "b", "e"), RunWriter.Solution("8", "b", "f"), RunWriter.Solution("7.0", "g"),
    ];

    [Fact]
    public void TheBestScoredRightSolutionIsChosen()
    {
        TrainingData data = Made(new ExportOptions { Format = TrainingFormat.Sft, Validation = 0 }, scores: [0.2, 0.3, 0.99, 0.5, 0.5, 0.6]);
        var row = Assert.IsType<ConversationRow>(Assert.Single(data.Train));
        Assert.Equal([("user", "What is 3 + 4?"), ("assistant", s_solutions[5])], row.Messages.Select(message => (message.Role, message.Content)));
    }

    [Fact]
    public void RepetitionsAreDroppedAndCounted()
    {
        TrainingData data = Made(new ExportOptions { Format = TrainingFormat.Sft, Validation = 0, PerProblem = 10, SystemPrompt = "Be brief.", PromptCompletion = true });
        Assert.Equal(1, data.Repeated);
        Assert.Equal([s_solutions[0], s_solutions[5]], data.Train.Cast<PromptCompletionRow>().Select(row => row.Completion[0].Content).Order());
        Assert.All(data.Train.Cast<PromptCompletionRow>(), row => Assert.Equal(["system", "user"], row.Prompt.Select(message => message.Role)));
    }

    [Fact]
    public void SoftLabelsAreSharesOfRightContinuations()
    {
        TrainingData data = Made(new ExportOptions { Format = TrainingFormat.Prm, Validation = 0, SoftLabels = true });
        Dictionary<string, double[]> labels = data.Train.Cast<StepwiseRow>().ToDictionary(row => string.Join(' ', row.Completions.SkipLast(1).Select(step => step[^1])), row => row.Labels.ToArray());
        Assert.Equal([2.0 / 3, 1, 1], labels["a c"]);
        Assert.Equal([2.0 / 3, 0, 0], labels["a d"]);
        Assert.Equal([0, 0, 0], labels["b e"]);
        Assert.Equal([1, 1], labels["g"]);
        Assert.Equal(5, data.Train.Count);
        Assert.All(data.Train.Cast<StepwiseRow>(), row => Assert.Equal(row.Completions.Count, row.Labels.Count));
    }

    [Fact]
    public void AHardLabelIsTrueWhereSomeContinuationIsRight()
    {
        TrainingData data = Made(new ExportOptions { Format = TrainingFormat.Prm, Validation = 0 });
        JsonElement wrong = Json(data.Train.Cast<StepwiseRow>().Single(row => row.Completions[1].EndsWith('d')));
        Assert.Equal("""["## Step 1: a","## Step 2: d","Therefore, the final answer is: $\\boxed{9}$."]""", wrong.GetProperty("completions").GetRawText());
        Assert.Equal("[true,false,false]", wrong.GetProperty("labels").GetRawText());
        Assert.Equal("What is 3 + 4?", wrong.GetProperty("prompt").GetString());
    }

    [Fact]
    public void PairsStandWhereStepsBranch()
    {
        TrainingData data = Made(new ExportOptions { Format = TrainingFormat.Preference, Validation = 0 });
        // At the root g (1) beats b (0), but not a (2/3); after a, c (1) beats d (0).
        Assert.Equal(
            [("## Step 1: a\n\n## Step 2: c", "## Step 1: a\n\n## Step 2: d"), ("## Step 1: g", "## Step 1: b")],
            data.Train.Cast<PreferenceRow>().Select(row => (row.Chosen[0].Content, row.Rejected[0].Content)).Order());
        Assert.Equal(3, Made(new ExportOptions { Format = TrainingFormat.Preference, Validation = 0, Margin = 0.2 }).Train.Count);
    }

    [Fact]
    public void ATreeTellsOfPathsThatNoCompletionKept()
    {
        // The first step was finished twice, once in a path that the search did not return; the pruned leaf has no outcome.
        string tree = """
            { "nodes": [
              { "parent": null, "beam": 0, "iteration": 0, "step": "## Step 1: a\n\n", "tokens": 5, "scores_kept": 0, "scores": [0.9], "score": 0.9, "state": "active" },
              { "parent": 0, "beam": 0, "iteration": 1, "step": "The answer is $\\boxed{7}$.", "tokens": 5, "scores_kept": 1, "scores": [0.8], "score": 0.8, "state": "finished", "reason": "end_of_sequence", "decided": 1 },
              { "parent": 0, "beam": 1, "iteration": 1, "step": "The answer is $\\boxed{6}$.", "tokens": 5, "scores_kept": 1, "scores": [0.1], "score": 0.1, "state": "finished", "reason": "end_of_sequence", "decided": 1 },
              { "parent": null, "beam": 2, "iteration": 0, "step": "## Step 1: b\n\n", "tokens": 5, "scores_kept": 0, "scores": [0.2], "score": 0.2, "state": "pruned", "reason": "outscored", "decided": 0 } ],
              "completions": [1] }
            """;
        string run = _folder.Write("tree.jsonl", RunWriter.Record(0, "What is 3 + 4?", "7", ["## Step 1: a\n\nThe answer is $\\boxed{7}$."], [0.8], strategy: "beam", tree: tree.ReplaceLineEndings(" ")) + "\n");
        SolvedProblem problem = Assert.Single(SolutionReader.Read([run]).Problems);
        Assert.Equal([(true, 0.8), (false, 0.1)], problem.Solutions.Select(solution => (solution.Right, solution.Score!.Value)));
        Assert.Equal(0.5, Assert.Single(new ContinuationTree(problem).Root.Children).Value);
    }

    [Fact]
    public void UnfinishedCompletionsAreNoSolutions()
    {
        string run = _folder.Write("cut.jsonl", RunWriter.Record(0, "p", "7", [s_solutions[0], s_solutions[3]], [0.5, 0.5], strategy: "dvts", finished: [true, false]) + "\n");
        Assert.Equal([s_solutions[0]], SolutionReader.Read([run]).Problems[0].Solutions.Select(solution => solution.Text));
    }

    [Fact]
    public void NoProblemIsOnBothSidesOfTheSplit()
    {
        List<SolvedProblem> problems = [.. Enumerable.Range(0, 2000).Select(i => new SolvedProblem($"Problem {i}", "7", [new Solution("The answer is 7", true, 0.5)]))];
        // The same problems again, with other white space and letter case.
        problems.AddRange(Enumerable.Range(0, 2000).Select(i => new SolvedProblem($" problem  {i}\n", "7", [new Solution("It is 7", true, 0.5)])));
        TrainingData data = TrainingData.Of(problems, new ExportOptions { Format = TrainingFormat.Sft, Validation = 0.2 });
        static HashSet<string> Keys(IEnumerable<TrainingRow> rows) => [.. rows.Cast<ConversationRow>().Select(row => row.Messages[0].Content.Trim().ToLowerInvariant().Replace("  ", " "))];
        Assert.Empty(Keys(data.Train).Intersect(Keys(data.Validation)));
        Assert.InRange(data.Validation.Count, 680, 920);
        Assert.Equal(4000, data.Train.Count + data.Validation.Count);
    }

    [Fact]
    public void ExcludedProblemsAreLeftOut()
    {
        TrainingData data = Made(new ExportOptions { Format = TrainingFormat.Sft, Validation = 0, Excluded = new HashSet<string> { "what is  3 + 4?" } });
        Assert.Empty(data.Train);
        Assert.Equal(1, data.Excluded);
    }

    [Fact]
    public void RunsThatKnowDifferentAnswersAreRefused()
    {
        string one = _folder.Write("one.jsonl", RunWriter.Record(0, "p", "7", ["7"], [0.5]) + "\n");
        string other = _folder.Write("other.jsonl", RunWriter.Record(0, "p", "8", ["7"], [0.5]) + "\n");
        CudaSearchException refused = Assert.Throws<CudaSearchException>(() => SolutionReader.Read([one, other]));
        Assert.Contains("other.jsonl, line 1", refused.Message, StringComparison.Ordinal);
    }

    private TrainingData Made(ExportOptions options, double[]? scores = null)
    {
        string run = _folder.Write("run.jsonl", RunWriter.Record(0, "What is 3 + 4?", "7", s_solutions, scores ?? [0.5, 0.5, 0.5, 0.5, 0.5, 0.5]) + "\n");
        return TrainingData.Of(SolutionReader.Read([run]).Problems, options);
    }

    private static JsonElement Json(TrainingRow row)
    {
        using MemoryStream bytes = new();
        using (Utf8JsonWriter writer = new(bytes)) row.Write(writer);
        return JsonDocument.Parse(bytes.ToArray()).RootElement;
    }
}
