using System.Text.Json;
using CudaSearch.Cli;
using CudaSearch.Tests.Checkpoints;

namespace CudaSearch.Tests.Cli;

/// <summary>Verifiers put together on the command line, and the measure of them.</summary>
public sealed class JudgeTests : IDisposable
{
    private const string Problem = "Start with 5. Add 3. What is the result?";
    private const string Program = "program:while read -r line; do n=$(printf '%s' \"$line\" | grep -o '## Step' | wc -l); "
        + "s=0.7; while [ $n -gt 0 ]; do s=\"$s, 0.7\"; n=$((n-1)); done; printf '{\"scores\": [%s]}\\n' \"$s\"; done";

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("beam", "rules", "--verifier", "rules")]
    [InlineData("best-of-n", "rules", "--verifier", "rules", "--prm", "none")]
    [InlineData("dvts", "min(tinymath, rules)", "--verifier", "prm", "--verifier", "rules", "--ensemble", "min")]
    [InlineData("beam", "product(rules, tinymath)", "--verifier", "rules", "--verifier", "prm", "--ensemble", "product")]
    [InlineData("beam", "mean(tinymath, rules)", "--verifier", "prm", "--verifier", "rules")]
    [InlineData("best-of-n", "outcome(tinymath)", "--outcome-only")]
    [InlineData("beam", "outcome(rules)", "--outcome-only", "--verifier", "rules")]
    public async Task EveryStrategyTakesEveryJudgeAndNamesIt(string strategy, string name, params string[] options)
    {
        JsonElement record = (await CliRun.OfAsync(["solve", Problem, "--n", "4", "--strategy", strategy, "--json", .. options])).Done().Json();
        Assert.Equal(name, record.GetProperty("prm").GetString());
        Assert.Equal(name.Contains("tinymath"), record.GetProperty("usage").GetProperty("prm_tokens").GetInt64() > 0);
        Assert.All(record.GetProperty("scores").EnumerateArray().SelectMany(list => list.EnumerateArray()), score => Assert.InRange(score.GetDouble(), 0, 1));
    }

    [Fact]
    public async Task AProgramJudges()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the program is a shell script");
        JsonElement record = (await CliRun.OfAsync("solve", Problem, "--n", "4", "--strategy", "best-of-n", "--json", "--verifier", Program)).Done().Json();
        Assert.Equal(Program, record.GetProperty("prm").GetString());
        Assert.All(record.GetProperty("agg_scores").EnumerateArray(), score => Assert.Equal(0.7, score.GetDouble()));
        (await CliRun.OfAsync("solve", Problem, "--n", "4", "--verifier", "program:exit 5")).Failed(ExitStatus.BadInput, "\"exit 5\"", "status 5");
    }

    [Fact]
    public async Task AnOracleReachesWhatTheCompletionsAllow()
    {
        string[] args = ["eval", "--dataset", "tinymath", "--limit", "24", "--n", "8", "--strategy", "best-of-n", "--json", "--verifier"];
        JsonElement overall = (await CliRun.OfAsync([.. args, "oracle", "--output", _folder.File("oracle.jsonl")])).Done().Json().GetProperty("overall");
        JsonElement most = overall.EnumerateArray().Last();
        double bound = Mean(most, "pass_at_n");
        Assert.Equal((bound, bound), (Mean(most, "naive"), Mean(most, "weighted")));
        JsonElement rules = (await CliRun.OfAsync([.. args, "rules", "--output", _folder.File("rules.jsonl")])).Done().Json().GetProperty("overall").EnumerateArray().Last();
        Assert.Equal(bound, Mean(rules, "pass_at_n"));
        Assert.InRange(Mean(rules, "naive"), 0, bound);

        (await CliRun.OfAsync("solve", Problem, "--n", "4", "--verifier", "oracle")).Failed(ExitStatus.BadInput, "oracle", "eval");
        (await CliRun.OfAsync([.. args, "rules", "--output", _folder.File("oracle.jsonl")])).Failed(ExitStatus.BadInput, "prm is oracle", "rules");

        static double Mean(JsonElement row, string vote) => row.GetProperty(vote).GetProperty("mean").GetDouble();
    }

    [Fact]
    public async Task TheShippedModelFindsFirstErrors()
    {
        string records = _folder.File("judged.jsonl"), plot = _folder.File("calibration.svg");
        JsonElement report = (await CliRun.OfAsync("eval-prm", "--dataset", "tinymath", "--limit", "40", "--json", "--output", records, "--plot", plot)).Done().Json();
        Assert.Equal(["judge", "solutions", "wrong", "at_threshold", "best", "sweep", "calibration"], report.EnumerateObject().Select(field => field.Name));
        Assert.Equal(("tinymath", 80, 40), (report.GetProperty("judge").GetString(), report.GetProperty("solutions").GetInt32(), report.GetProperty("wrong").GetInt32()));
        double f1 = report.GetProperty("at_threshold").GetProperty("f1").GetDouble(), best = report.GetProperty("best").GetProperty("f1").GetDouble();
        Assert.InRange(f1, 0.9, best);
        Assert.Equal(19, report.GetProperty("sweep").GetArrayLength());
        Assert.Equal(10, report.GetProperty("calibration").GetProperty("bins").GetArrayLength());

        JsonElement[] lines = [.. (await File.ReadAllLinesAsync(records, TestContext.Current.CancellationToken)).Select(Parse)];
        Assert.Equal(80, lines.Length);
        JsonElement[] wrong = [.. lines.Where(line => line.GetProperty("label").GetInt32() >= 0)];
        Assert.Equal(
            report.GetProperty("at_threshold").GetProperty("accuracy_on_wrong").GetDouble(),
            wrong.Average(line => line.GetProperty("label").GetInt32() == line.GetProperty("prediction").GetInt32() ? 1.0 : 0), 1e-12);
        Assert.Contains("<svg", await File.ReadAllTextAsync(plot, TestContext.Current.CancellationToken));
        System.Xml.Linq.XDocument.Load(plot);
    }

    [Fact]
    public async Task RulesAreMeasuredOnAFile()
    {
        string file = _folder.Write("bench.jsonl", """
            {"id": "a", "problem": "2*3+1?", "steps": ["2*3=6", "6+1=8", "So 8."], "label": 1}
            {"id": "b", "problem": "2*3+1?", "steps": ["2*3=6", "6+1=7\n\nSo 7."], "label": -1}
            {"id": "c", "problem": "2*3+1?", "steps": ["Add all three.", "2+3+1=6"], "label": 0}
            """);
        CliRun text = (await CliRun.OfAsync("eval-prm", "--dataset", file, "--verifier", "rules")).Done();
        Assert.Contains("rules: first errors found in 2 wrong solutions, and 1 right ones passed", text.Output);
        Assert.Contains("| 0.50 (asked)       |     50.0 |    100.0 |  66.7 |", text.Output);
        JsonElement one = (await CliRun.OfAsync("eval-prm", "--dataset", file, "--verifier", "rules", "--end", "1", "--json")).Done().Json();
        Assert.Equal(JsonValueKind.Null, one.GetProperty("best").ValueKind);
        Assert.Equal(JsonValueKind.Null, one.GetProperty("at_threshold").GetProperty("f1").ValueKind);

        (await CliRun.OfAsync("eval-prm", "--dataset", _folder.File("none"), "--verifier", "rules")).Failed(ExitStatus.BadInput, _folder.File("none"));
        (await CliRun.OfAsync("eval-prm", "--dataset", file, "--verifier", "rules", "--plot", _folder.File("no/folder.svg"))).Failed(ExitStatus.BadInput, "folder.svg");
        if (OperatingSystem.IsWindows()) return;
        (await CliRun.OfAsync("eval-prm", "--dataset", file, "--verifier", "rules", "--verifier", "program:exit 5")).Failed(ExitStatus.BadInput, "status 5");
    }

    private static JsonElement Parse(string line)
    {
        using JsonDocument document = JsonDocument.Parse(line);
        return document.RootElement.Clone();
    }
}
