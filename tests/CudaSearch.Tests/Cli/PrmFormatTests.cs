using System.Text.Json;
using CudaSearch.Cli;
using CudaSearch.Tests.Model;
using CudaSearch.Tests.Verification;
using CudaSearch.Verification;

namespace CudaSearch.Tests.Cli;

/// <summary>Process reward models of other formats from the command line.</summary>
public sealed class PrmFormatTests
{
    [Theory]
    [InlineData(PrmFormat.Skywork, 4)]
    [InlineData(PrmFormat.Qwen, 2)]
    [InlineData(PrmFormat.Trl, 2)]
    [InlineData(PrmFormat.MathShepherd, 2)]
    public async Task StepsAreShownAsTheFormatCountsThem(PrmFormat format, int steps)
    {
        using RandomCheckpoint folder = Write(format);
        string[] score = ["score", "--problem", "1 + 1", "--solution", "a\nb\n\nc", "--prm", folder.Directory, "--device", "cpu"];
        CliRun text = (await CliRun.OfAsync(score)).Done();
        Assert.Equal(1 + steps + 1, text.Output.TrimEnd().Split('\n').Length);
        CliRun json = (await CliRun.OfAsync([.. score, "--json", "--prm-format", format.Name()])).Done();
        JsonElement scores = json.Json().GetProperty("results")[0].GetProperty("scores")[0];
        Assert.Equal(steps, scores.GetArrayLength());
        Assert.Contains(scores[0].GetDouble().ToString("0.0000"), text.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheStepSeparatorIsTheUsers()
    {
        using RandomCheckpoint folder = Write(PrmFormat.Trl);
        string[] score = ["score", "--problem", "1 + 1", "--solution", "a", "--prm", folder.Directory, "--device", "cpu", "--json"];
        double[] scores = await Task.WhenAll(ScoreAsync(), ScoreAsync("--prm-separator", @"\n\n"), ScoreAsync("--prm-separator", @"\n"));
        Assert.Equal(scores[0], scores[1]);
        Assert.NotEqual(scores[0], scores[2]);

        async Task<double> ScoreAsync(params string[] more) =>
            (await CliRun.OfAsync([.. score, .. more])).Done().Json().GetProperty("results")[0].GetProperty("scores")[0][0].GetDouble();
    }

    // A resumed run must not mix scores of two separators.
    [Fact]
    public async Task ASearchSaysHowItsStepsWereJudged()
    {
        using RandomCheckpoint folder = Write(PrmFormat.Trl);
        CliRun run = await CliRun.OfAsync(
            "solve", "1 + 1", "--strategy", "best-of-n", "-n", "2", "--prm", folder.Directory, "--prm-separator", @"\n", "--device", "cpu",
            "--json");
        JsonElement record = run.Done().Json();
        Assert.Contains(@" prm-format=trl prm-separator=\n", record.GetProperty("settings").GetString(), StringComparison.Ordinal);
        Assert.All(record.GetProperty("agg_scores").EnumerateArray(), score => Assert.InRange(score.GetDouble(), 0.001, 0.999));
        Assert.True(record.GetProperty("usage").GetProperty("prm_tokens").GetInt64() > 0);
    }

    [Fact]
    public async Task AnotherFormatThanTheCheckpointsIsRefused()
    {
        using RandomCheckpoint folder = Write(PrmFormat.Skywork);
        CliRun run = await CliRun.OfAsync(
            "score", "--problem", "1", "--solution", "1", "--prm", folder.Directory, "--device", "cpu", "--prm-format", "qwen");
        run.Failed(ExitStatus.BadInput, folder.Directory, "the format qwen", "score.0.weight");
    }

    private static RandomCheckpoint Write(PrmFormat format)
    {
        SlowPrm slow = SlowPrm.Of(format);
        return JudgeModel.Write(slow.Model, slow.TokenizerFile, slow.TokenizerConfig);
    }
}
