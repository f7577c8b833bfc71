using System.Globalization;
using System.Text.Json;
using CudaSearch.Cli;
using CudaSearch.Tests.Checkpoints;
using CudaSearch.Tests.Model;

namespace CudaSearch.Tests.Cli;

/// <summary>Each command's happy path, on the embedded pair or on random weights.</summary>
public sealed class CommandTests : IDisposable
{
    private const string Problem = "Start with 5. Add 3. What is the result?";
    private static readonly string[] s_record =
    [
        "agg_scores", "backend", "completion_tokens", "completions", "device", "final_answer", "model", "n", "pred", "pred_maj@1", "pred_maj@2", "pred_maj@4",
        "pred_naive@1", "pred_naive@2", "pred_naive@4", "pred_weighted@1", "pred_weighted@2", "pred_weighted@4", "prm", "problem", "scores", "seed", "settings",
        "strategy", "usage",
    ];

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task SolvePrintsReasoningAndAnswer()
    {
        CliRun run = (await CliRun.OfAsync("solve", Problem, "--n", "4")).Done();
        Assert.Contains("## Step 1", run.Output);
        Assert.Matches(@"answer: \\boxed\{.*\}\s*$", run.Output);
        Assert.Matches(@"step 1  [01]\.\d\d", run.Error);
        Assert.Matches(@"✓ [01]\.\d\d", run.Error);
        Assert.Contains("PRM tokens", run.Error);
        Assert.DoesNotContain("\u001b", run.Error);
    }

    [Fact]
    public async Task SolvePrintsOneJsonDocumentOfTheContract()
    {
        JsonElement record = (await CliRun.OfAsync("solve", Problem, "--n", "4", "--json")).Done().Json();
        Assert.Equal(s_record, record.EnumerateObject().Select(field => field.Name).Order(StringComparer.Ordinal));
        Assert.Equal(
            ["computed_tokens", "generated_tokens", "generator_flops", "kv_pages_peak", "kv_pages_peak_without_sharing", "passes", "prefill_tokens", "prm_flops", "prm_tokens", "prm_tokens_without_reuse",
             "prompt_tokens", "seconds"],
            record.GetProperty("usage").EnumerateObject().Select(field => field.Name).Order(StringComparer.Ordinal));
        Assert.Equal(Problem, record.GetProperty("problem").GetString());
        Assert.Equal(4, record.GetProperty("completions").GetArrayLength());
        Assert.Equal("tinymath", record.GetProperty("prm").GetString());
    }

    [Theory]
    [InlineData("greedy")]
    [InlineData("majority")]
    [InlineData("best-of-n")]
    [InlineData("dvts")]
    public async Task SolveKnowsEveryStrategy(string strategy)
    {
        CliRun run = (await CliRun.OfAsync("solve", Problem, "--strategy", strategy, "--n", "4", "--json")).Done();
        bool scored = strategy is "best-of-n" or "dvts";
        Assert.Equal(scored ? JsonValueKind.String : JsonValueKind.Null, run.Json().GetProperty("prm").ValueKind);
        Assert.Contains("Step", run.Json().GetProperty("pred").GetString());
    }

    [Fact]
    public async Task ConfidenceNeedsNoRewardModelAndItsScoresVote()
    {
        string[] solve = ["solve", Problem, "--strategy", "confidence", "--n", "8", "--temperature", "1.5", "--prm", "none", "--json"];
        JsonElement record = (await CliRun.OfAsync(solve)).Done().Json();
        Assert.Equal("confidence", record.GetProperty("prm").GetString());
        Assert.Contains("novelty=0", record.GetProperty("settings").GetString(), StringComparison.Ordinal);
        Assert.Equal(0, record.GetProperty("usage").GetProperty("prm_tokens").GetInt64());
        double[] scores = [.. record.GetProperty("scores").EnumerateArray().SelectMany(steps => steps.EnumerateArray().Select(score => score.GetDouble()))];
        Assert.All(scores, score => Assert.InRange(score, 1e-9, 1));
        Assert.True(scores.Distinct().Count() > 1, "a model is not equally sure of all it writes");
        Assert.Equal($@"\boxed{{{record.GetProperty("final_answer").GetString()}}}", record.GetProperty("pred_weighted@8").GetString());

        CliRun shown = (await CliRun.OfAsync([.. solve[..^1]])).Done();
        Assert.Contains("judged by confidence", shown.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("PRM tokens", shown.Error, StringComparison.Ordinal);
        (await CliRun.OfAsync([.. solve, "--vote", "naive", "--novelty", "0.3"])).Done();
        (await CliRun.OfAsync([.. solve, "--novelty", "-1"])).Failed(ExitStatus.Usage, "--novelty is -1; it must be a finite number, 0 or greater");
        (await CliRun.OfAsync("solve", Problem, "--strategy", "confidence", "--n", "6", "--beam-width", "4"))
            .Failed(ExitStatus.Usage, "n is 6 and beam-width 4, but confidence needs an n that beam-width divides");
    }

    // RLHFlow's scores, which the embedded reward model gives, are bfloat16 in the original's runs: multiples of 1/256 next to 1.
    [Fact]
    public async Task CompatibilityRoundsTheScores()
    {
        string[] solve = ["solve", Problem, "--strategy", "best-of-n", "--n", "8", "--json"];
        JsonElement own = (await CliRun.OfAsync(solve)).Done().Json(), compatible = (await CliRun.OfAsync([.. solve, "--compat", "search-and-learn"])).Done().Json();
        Assert.EndsWith("prm-rounding=bfloat16", compatible.GetProperty("settings").GetString(), StringComparison.Ordinal);
        Assert.All(Scores(compatible).Where(score => score >= 0.5), score => Assert.Equal(0, score * 256 % 1));
        Assert.Contains(Scores(own), score => score >= 0.5 && score * 256 % 1 != 0);
        Assert.All(Scores(own).Zip(Scores(compatible)), pair => Assert.Equal(pair.First, pair.Second, 0.02));

        static double[] Scores(JsonElement record) =>
            [.. record.GetProperty("scores").EnumerateArray().SelectMany(steps => steps.EnumerateArray().Select(score => score.GetDouble()))];
    }

    [Fact]
    public async Task SolveTakesAFileThePipeOrASample()
    {
        string[] options = ["--strategy", "greedy", "--json"];
        string file = _folder.Write("problem.txt", Problem + "\n");
        Assert.Equal(Problem, Asked((await CliRun.OfAsync(["solve", "--file", file, .. options])).Done()));
        Assert.Equal(Problem, Asked((await CliRun.WithInputAsync(Problem + "\n", ["solve", .. options])).Done()));
        Assert.Equal(Problem, Asked((await CliRun.WithInputAsync(Problem, ["solve", "-", .. options])).Done()));
        CliRun sample = (await CliRun.WithInputAsync("", ["solve", .. options])).Done();
        Assert.Contains("tinymath/", sample.Error);
        Assert.NotEmpty(Asked(sample)!);

        static string? Asked(CliRun run) => run.Json().GetProperty("problem").GetString();
    }

    [Fact]
    public async Task EvalWritesRecordsResumesAndTabulates()
    {
        string output = _folder.File("run.jsonl");
        string[] args = ["eval", "--dataset", "tinymath", "--start", "10", "--n", "4", "--output", output];
        CliRun first = (await CliRun.OfAsync([.. args, "--limit", "2"])).Done();
        Assert.Contains("| majority", first.Output);
        Assert.Contains("2/2 problems", first.Error);
        string[] lines = await File.ReadAllLinesAsync(output, TestContext.Current.CancellationToken);
        Assert.Equal(2, lines.Length);
        using (JsonDocument line = JsonDocument.Parse(lines[0]))
        {
            string[] columns = ["answer", "command", "level", "solution", "subject", "unique_id", "row", "dataset"];
            Assert.Equal([.. s_record, .. columns], line.RootElement.EnumerateObject().Select(f => f.Name).ToHashSet());
        }

        CliRun second = (await CliRun.OfAsync([.. args, "--limit", "3", "--json"])).Done();
        Assert.Contains("2 of them by earlier runs", second.Error);
        Assert.Equal(["overall", "by_level", "by_subject"], second.Json().EnumerateObject().Select(field => field.Name));
        string[] all = await File.ReadAllLinesAsync(output, TestContext.Current.CancellationToken);
        Assert.Equal(lines, all[..2]);
        Assert.Equal(3, all.Length);
    }

    [Fact]
    public async Task ScoreAgreesWithSolve()
    {
        CliRun solved = (await CliRun.OfAsync("solve", Problem, "--n", "4", "--json")).Done();
        string file = _folder.Write("solved.jsonl", solved.Output.ReplaceLineEndings(""));
        JsonElement result = (await CliRun.OfAsync("score", "--file", file, "--json")).Done().Json().GetProperty("results")[0];
        double[] expected = Doubles(solved.Json()), actual = Doubles(result);
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 1e-4);

        static double[] Doubles(JsonElement record) => [.. record.GetProperty("agg_scores").EnumerateArray().Select(score => score.GetDouble())];
    }

    [Fact]
    public async Task ScoreTakesOneSolutionAsTextOrFile()
    {
        const string Solution = "## Step 1: Add\n5+3=8\n\nTherefore, the final answer is: $\\boxed{8}$. I hope it is correct.";
        string file = _folder.Write("solution.txt", Solution + "\n");
        CliRun text = (await CliRun.OfAsync("score", "--problem", Problem, "--solution", Solution, "--aggregate", "min")).Done();
        CliRun fromFile = (await CliRun.OfAsync("score", "--problem", Problem, "--solution", file, "--aggregate", "min")).Done();
        Assert.Equal(text.Output, fromFile.Output);
        Assert.Contains("Add · 5+3=8", text.Output);
        Assert.Contains("= min", text.Output);
    }

    [Fact]
    public async Task LogitsOfIdsNeedNoTokenizerAndAreExact()
    {
        using var checkpoint = new RandomCheckpoint(new RandomModel());
        JsonElement result = (await CliRun.OfAsync("logits", "--ids", "1,5, 9", "--top", "67", "--json", "--model", checkpoint.Directory)).Done().Json();
        Assert.Equal(["ids", "top", "device", "backend"], result.EnumerateObject().Select(field => field.Name));
        Assert.Equal([1, 5, 9], result.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32()));
        JsonElement[] top = [.. result.GetProperty("top").EnumerateArray()];
        Assert.Equal(67, top.Length);
        Assert.All(top, token => Assert.Equal(JsonValueKind.Null, token.GetProperty("piece").ValueKind));
        using var open = checkpoint.Open();
        double[] reference = new ReferenceTransformer(open).Logits([1, 5, 9])[^1];
        Assert.All(top, token => Assert.Equal(reference[token.GetProperty("id").GetInt32()], token.GetProperty("logit").GetDouble(), 2e-4));
        Assert.Equal(top.OrderByDescending(token => token.GetProperty("logit").GetDouble()), top);
        Assert.All(top, token => Assert.Equal(
            token.GetProperty("logit").GetRawText(), token.GetProperty("logit").GetSingle().ToString("G9", CultureInfo.InvariantCulture)));
    }

    [Fact]
    public async Task LogitsOfATextNamePieces()
    {
        string[] lines = (await CliRun.OfAsync("logits", "12+30=", "--top", "3")).Done().Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(3, lines.Length);
        JsonElement result = (await CliRun.WithInputAsync("12+30=", "logits", "--json", "--top", "3")).Done().Json();
        Assert.All(result.GetProperty("top").EnumerateArray(), token => Assert.NotNull(token.GetProperty("piece").GetString()));
    }

    [Fact]
    public async Task TokenizeShowsIdsAndPieces()
    {
        JsonElement plain = (await CliRun.OfAsync("tokenize", "12<|end|>", "--json")).Done().Json();
        JsonElement special = (await CliRun.OfAsync("tokenize", "12<|end|>", "--json", "--special")).Done().Json();
        Assert.Equal(["ids", "pieces"], plain.EnumerateObject().Select(field => field.Name));
        Assert.DoesNotContain("<|end|>", plain.GetProperty("pieces").EnumerateArray().Select(piece => piece.GetString()));
        Assert.Equal("<|end|>", special.GetProperty("pieces").EnumerateArray().Last().GetString());
    }

    [Fact]
    public async Task GenerateStreamsTheSameTextForTheSameSeed()
    {
        string[] args = ["generate", "--chat", Problem, "--temperature", "1", "--seed", "3"];
        CliRun once = (await CliRun.OfAsync(args)).Done();
        Assert.Contains("## Step", once.Output);
        Assert.Equal(once.Output, (await CliRun.OfAsync([.. args, "--threads", "1"])).Done().Output);
        string[] raw = ["generate", "## Step 1: Add\n1+1=2", "--temperature", "0", "--max-tokens"];
        string five = (await CliRun.OfAsync([.. raw, "5"])).Done().Output.TrimEnd('\n'), six = (await CliRun.OfAsync([.. raw, "6"])).Done().Output;
        Assert.StartsWith(five, six);
        Assert.True(six.Length > five.Length);
    }

    [Fact]
    public async Task TinyMathPrintsProblems()
    {
        string[] lines = (await CliRun.OfAsync("tinymath", "--split", "train", "--count", "8", "--seed", "1")).Done().Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(8, lines.Length);
        foreach (string line in lines)
        {
            using JsonDocument row = JsonDocument.Parse(line);
            Assert.Equal(["problem", "solution", "answer", "subject", "level", "unique_id"], row.RootElement.EnumerateObject().Select(field => field.Name));
        }
        Assert.Equal(350, (await CliRun.OfAsync("tinymath")).Done().Output.Count(c => c == '\n'));
    }

    [Fact]
    public async Task DoctorSaysWhatIsUsedAndWhyNotTheRest()
    {
        Assert.Contains("cuda        not used", (await CliRun.OfAsync("doctor")).Done().Output);
        JsonElement report = (await CliRun.OfAsync("doctor", "--json")).Done().Json();
        Assert.Equal("cpu", report.GetProperty("backend").GetString());
        Assert.False(report.GetProperty("cuda").GetProperty("used").GetBoolean());
        Assert.Equal(JsonValueKind.Null, report.GetProperty("tinymath").GetProperty("prm").GetProperty("fault").ValueKind);
    }
}
