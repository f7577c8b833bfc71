using System.Text;
using System.Text.Json;
using CudaSearch.Evaluation;
using CudaSearch.Evaluation.Datasets;

namespace CudaSearch.Tests.Evaluation;

public sealed class AccuracyTableTests
{
    private static DatasetRow Row(string answer, string level, string subject) =>
        new(0, "p", JsonElement.Parse("{}")) { Answer = answer, Level = level, Subject = subject };

    private static readonly ProblemOutcome[] s_outcomes =
    [
        ProblemOutcome.Grade(1, Row("1/2", "2", "Algebra"), ["3", "0.5", @"\frac{2}{4}", "7"], [0.9, 0.8, 0.8, 0.1]),
        ProblemOutcome.Grade(1, Row("5", "10", "Geometry"), ["5", "4", "4", "4"], [0.9, 0.1, 0.1, 0.1]),
        ProblemOutcome.Grade(2, Row("1/2", "2", "Algebra"), ["9", "9", "9", "9"], [1, 1, 1, 1]),
        ProblemOutcome.Grade(2, Row("5", "10", "Geometry"), ["5", "5", "5", "5"], [1, 1, 1, 1]),
    ];

    [Fact]
    public void Grades_each_vote_at_each_count()
    {
        IReadOnlyList<VoteOutcome> votes = s_outcomes[0].Votes;
        Assert.Equal([(1, false, false, false), (2, false, false, false), (4, false, true, true)], votes.Select(v => (v.K, v.Naive, v.Weighted, v.Majority)));
        Assert.Equal([0.5, 5 / 6.0, 1], votes.Select(vote => Math.Round(vote.PassAtK, 12)), (expected, actual) => Math.Abs(expected - actual) < 1e-9);
    }

    [Fact]
    public void Where_fewer_were_written_than_asked_for_the_votes_over_more_are_those_over_all()
    {
        IReadOnlyList<VoteOutcome> votes = ProblemOutcome.Grade(1, Row("5", "1", "Algebra"), ["4", "5", "5"], [0.1, 0.2, 0.3], n: 8).Votes;
        Assert.Equal([(1, false), (2, false), (4, true), (8, true)], votes.Select(vote => (vote.K, vote.Majority)));
        Assert.Equal(1, votes[^1].PassAtK);
    }

    [Fact]
    public void Averages_over_problems_then_seeds()
    {
        AccuracyTable table = AccuracyTable.Compute(s_outcomes);
        Assert.Equal([1, 2, 4], table.Overall.Select(row => row.K));
        AccuracyRow four = table.Overall[2];
        Assert.Equal((4, 2), (four.Problems, four.Seeds));
        // Naive: seed 1 has 1 of 2, seed 2 has 1 of 2. Weighted: 2 of 2, then 1 of 2. Majority: 1 of 2 twice.
        Assert.Equal((0.5, 0.0), (four.Naive.Mean, four.Naive.StandardDeviation));
        Assert.Equal(0.75, four.Weighted.Mean);
        Assert.Equal(Math.Sqrt(0.125), four.Weighted.StandardDeviation!.Value, 1e-12);
        Assert.Equal(0.5, four.Majority.Mean);
        Assert.Equal(0.75, four.PassAtK.Mean);
        Assert.Equal(["2", "10"], table.ByLevel.Select(row => row.Group).Distinct());
        Assert.Equal(["Algebra", "Geometry"], table.BySubject.Select(row => row.Group).Distinct());
        Assert.Equal(0.5, table.BySubject[2].Weighted.Mean);
        Assert.Null(AccuracyTable.Compute(s_outcomes[..2]).Overall[0].Naive.StandardDeviation);
    }

    [Fact]
    public void Renders_aligned_markdown()
    {
        string text = AccuracyReport.ToMarkdown(AccuracyTable.Compute(s_outcomes));
        Assert.StartsWith("Right answers in %, mean ± standard deviation over 2 seeds, 4 problems in all.\n\n", text);
        string[][] tables = [.. text.Split("\n\n").Skip(1).Select(table => table.TrimEnd('\n').Split('\n'))];
        Assert.Equal(3, tables.Length);
        Assert.All(tables, table => Assert.Single(table.Select(line => line.Length).Distinct()));
        Assert.Equal(["4", "50.0 ± 0.0", "75.0 ± 35.4", "50.0 ± 0.0", "75.0 ± 35.4", "4"], tables[0][4].Trim('|').Split('|').Select(cell => cell.Trim()));
        Assert.Matches("^[|]:-+([|]-+:){5}[|]$", tables[0][1]);
        Assert.StartsWith("| level, N = 4 |", tables[1][0]);
        Assert.StartsWith("| subject, N = 4 |", tables[2][0]);
    }

    [Fact]
    public void Writes_json()
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream)) AccuracyReport.WriteJson(writer, AccuracyTable.Compute(s_outcomes[..1]));
        JsonElement row = JsonElement.Parse(Encoding.UTF8.GetString(stream.ToArray())).GetProperty("overall")[2];
        Assert.Equal((4, 1.0), (row.GetProperty("n").GetInt32(), row.GetProperty("weighted").GetProperty("mean").GetDouble()));
        Assert.Equal(JsonValueKind.Null, row.GetProperty("weighted").GetProperty("sd").ValueKind);
    }

    [Fact]
    public void Nothing_graded_is_said() => Assert.Contains("No problem", AccuracyReport.ToMarkdown(AccuracyTable.Compute([])));
}
