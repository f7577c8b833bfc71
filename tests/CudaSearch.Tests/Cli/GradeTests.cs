using System.Text.Json;
using CudaSearch.Cli;

namespace CudaSearch.Tests.Cli;

/// <summary><c>grade</c>: one JSON line out for each one in.</summary>
public sealed class GradeTests
{
    [Fact]
    public async Task ATextGivesItsAnswerAndThatAnswersForm()
    {
        JsonElement row = Assert.Single(await GradeAsync("""{"text": "Half of it, so the answer is \\boxed{\\frac{2}{4}}."}"""));
        Assert.Equal(@"\frac{2}{4}", row.GetProperty("extracted").GetString());
        Assert.Equal(@"\frac{1}{2}", row.GetProperty("canonical").GetString());
        Assert.False(row.TryGetProperty("equal", out _));
    }

    [Fact]
    public async Task TwoAnswersAreComparedInOrderOfTheLines()
    {
        JsonElement[] rows = await GradeAsync(
            """
            {"gold": "x^2-1", "pred": "(x-1)(x+1)"}

            {"gold": "\\sin 2x", "pred": "2\\sin x\\cos x", "id": 7}
            {"gold": "1", "pred": "2", "text": "3"}
            """);
        Assert.Equal([true, true, false], rows.Select(row => row.GetProperty("equal").GetBoolean()));
        Assert.Equal(["exact", "numeric", "different"], rows.Select(row => row.GetProperty("how").GetString()));
        Assert.Equal("3", rows[2].GetProperty("extracted").GetString());
    }

    [Theory]
    [InlineData("""{"gold": "x^2-1", "pred": "(x-1)(x+1)"}""", "", true)]
    [InlineData("""{"gold": "x^2-1", "pred": "(x-1)(x+1)"}""", "--compat search-and-learn", false)]
    [InlineData("""{"gold": "0.5", "pred": "so \\boxed{\\frac12}"}""", "--compat search-and-learn", true)]
    [InlineData("""{"gold": "1/3", "pred": "0.33"}""", "", false)]
    [InlineData("""{"gold": "1/3", "pred": "0.33"}""", "--decimals 2", true)]
    [InlineData("""{"gold": "f(x)", "pred": "f(y)"}""", "", false)]
    [InlineData("""{"gold": "f(x)", "pred": "f(y)"}""", "--rename-variables", true)]
    public async Task OptionsSayWhatCountsAsEqual(string line, string options, bool equal) =>
        Assert.Equal(equal, Assert.Single(await GradeAsync(line, options.Split(' ', StringSplitOptions.RemoveEmptyEntries))).GetProperty("equal").GetBoolean());

    [Theory]
    [InlineData("{\"gold\": \"1\"", "line 2", "not valid JSON")]
    [InlineData("[]", "line 2", "JSON object")]
    [InlineData("""{"gold": "1"}""", "line 2", "no \"pred\"")]
    [InlineData("""{"pred": "1"}""", "line 2", "no \"gold\"")]
    [InlineData("""{"question": "1"}""", "line 2", "\"text\"")]
    [InlineData("""{"text": 5}""", "line 2", "\"text\" has to be a text")]
    [InlineData("""{"text": "\ud800"}""", "line 2", "not valid JSON")]
    public async Task ABadLineEndsItWithItsNumber(string line, params string[] parts)
    {
        CliRun run = await CliRun.WithInputAsync("{\"text\": \"1\"}\n" + line + "\n{\"text\": \"2\"}", "grade");
        Assert.Equal(ExitStatus.BadInput, run.Status);
        Assert.Single(run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)); // what came before is answered
        Assert.All(parts, part => Assert.Contains(part, run.Error));
        Assert.DoesNotContain("   at ", run.Error);
    }

    [Fact]
    public async Task OptionsThatContradictAndAMissingInputAreRefused()
    {
        (await CliRun.OfAsync("grade")).Failed(ExitStatus.Usage, "--file");
        (await CliRun.WithInputAsync("{}", "grade", "--compat", "sympy")).Failed(ExitStatus.Usage, "--compat is sympy", "search-and-learn");
        (await CliRun.WithInputAsync("{}", "grade", "--compat", "search-and-learn", "--decimals", "2")).Failed(ExitStatus.Usage, "--compat", "--decimals");
        (await CliRun.OfAsync("grade", "--file", "absent.jsonl")).Failed(ExitStatus.BadInput, "absent.jsonl");
    }

    private static async Task<JsonElement[]> GradeAsync(string input, params string[] options)
    {
        CliRun run = (await CliRun.WithInputAsync(input, ["grade", .. options])).Done();
        return [.. run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonElement.Parse(line))];
    }
}
