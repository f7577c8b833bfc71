using System.Text.Json;
using CudaSearch.Answers;

namespace CudaSearch.Tests.Answers;

/// <summary>Against the golden files recorded from search-and-learn on real completions, solutions and answers.</summary>
public sealed class SearchAndLearnGoldenTests(ITestOutputHelper output)
{
    private static List<JsonElement> Golden(string name) => JsonLines.Read(SharedData.PathOf("grading", name + ".golden.jsonl"));

    [Fact]
    public void Extracts_every_answer_identically()
    {
        List<JsonElement> rows = Golden("sal_extract_canonical");
        Assert.Equal(1772, rows.Count);
        JsonLines.AssertSame(rows.Select(row => (row.Text("text"), row.Text("extracted"), AnswerExtractor.Extract(row.Text("text")))));
    }

    [Fact]
    public void Strips_every_answer_identically()
    {
        List<JsonElement> rows = Golden("sal_canonical_answers");
        Assert.Equal(901, rows.Count);
        JsonLines.AssertSame(rows.Select(row => (row.Text("answer"), row.Text("strip_string"), AnswerNormalizer.StripString(row.Text("answer")))));
    }

    /// <summary>
    /// Canonical forms need not be spelled alike, only be equal for the same pairs of answers. What differs is algebra (5! and 120,
    /// (x-1)(x+1) and x^2-1) and the original's slips (10_{2} as 10, 1\frac{1}{9} as \frac{1}{9}, 2:3 as 2/3); the one pair we add is
    /// "five" and 5.
    /// </summary>
    [Fact]
    public void Groups_answers_as_the_computer_algebra_system_does_but_for_algebra()
    {
        // Both sides stripped, as the votes see them. Of the pairs of different texts that the original calls equal, how many do we? Any others?
        (int found, List<string> missed, List<string> invented) = ComparePairs(
            Golden("sal_extract_canonical").Select(row => (row.Text("extracted"), row.Text("canonical")))
                .Concat(Golden("sal_canonical_answers").Select(row => (row.Text("strip_string"), row.Text("canonical_of_stripped")))));
        output.WriteLine($"pairs of different texts that the original calls equal: {found} found, {missed.Count} missed, {invented.Count} invented");
        output.WriteLine($"missed: {string.Join(", ", missed)}\ninvented: {string.Join(", ", invented)}");
        Assert.Equal((18, 42, 1), (found, missed.Count, invented.Count));
    }

    /// <summary>
    /// Of 1,640 verdicts 24 differ, all of them one defect of the original: it compares with the reference answer as it stands
    /// (\text{even}, 10{,}000), while predictions have been stripped.
    /// </summary>
    [Fact]
    public void Judges_real_completions_as_the_canonical_forms_do_where_those_strip_both_sides()
    {
        List<JsonElement> rows = [.. Golden("sal_extract_canonical").Where(row => row.TryGetProperty("gold", out _))];
        List<JsonElement> wrong =
            [.. rows.Where(row => AnswerEquivalence.AreEqual(row.Text("gold"), row.Text("extracted")) != row.GetProperty("canonical_equal").GetBoolean())];
        Assert.Equal((1640, 24), (rows.Count, wrong.Count));
        Assert.All(wrong, row => Assert.Equal(row.Text("extracted"), AnswerNormalizer.StripString(row.Text("gold")).Replace("{,}", "")));
        // Of one reference the normalisation leaves nothing, and nothing is no answer.
        Assert.Equal(0, rows.Count(row => row.Text("kind") == "math500_solution" && row.Text("extracted").Length > 0
            && !AnswerEquivalence.AreEqual(row.Text("gold"), row.Text("extracted"))));
    }

    [Fact]
    public void Votes_and_pass_at_k_are_identical()
    {
        List<JsonElement> rows = Golden("sal_voting");
        Assert.Equal(400, rows.Count);
        JsonLines.AssertSame(rows.SelectMany(Choices));
        foreach (JsonElement row in rows)
        {
            List<string> answers = Strings(row, "preds");
            string gold = CanonicalAnswer.Of(row.Text("gold"));
            int right = answers.Count(answer => CanonicalAnswer.Of(answer) == gold);
            foreach (JsonProperty pass in row.GetProperty("pass_at_k").EnumerateObject())
                Assert.Equal(pass.Value.GetDouble(), Voting.PassAtK(answers.Count, right, int.Parse(pass.Name)), 1e-12);
        }
    }

    private static IEnumerable<(string, string, string)> Choices(JsonElement row)
    {
        List<string> answers = Strings(row, "preds");
        List<string> canonical = [.. answers.Select(CanonicalAnswer.Of)];
        List<double> scores = [.. row.GetProperty("scores").EnumerateArray().Select(score => score.GetDouble())];
        foreach ((Vote vote, string key) in new[] { (Vote.Naive, "naive"), (Vote.Weighted, "weighted"), (Vote.Majority, "maj") })
            yield return ($"{row}", row.Text(key), Voting.Box(Voting.Choose(vote, answers, canonical, scores, answers.Count)));
    }

    private static (int Found, List<string> Missed, List<string> Invented) ComparePairs(IEnumerable<(string Text, string Canonical)> answers)
    {
        (string Text, string Theirs, string Ours)[] distinct = [.. answers.DistinctBy(a => a.Text).Select(a => (a.Text, a.Canonical, CanonicalAnswer.Of(a.Text)))];
        int found = 0;
        List<string> missed = [], invented = [];
        for (int i = 0; i < distinct.Length; i++)
        {
            for (int j = 0; j < i; j++)
            {
                bool theirs = distinct[i].Theirs == distinct[j].Theirs, ours = distinct[i].Ours == distinct[j].Ours;
                if (theirs && ours) found++;
                else if (theirs) missed.Add($"{distinct[i].Text} and {distinct[j].Text}");
                else if (ours) invented.Add($"{distinct[i].Text} and {distinct[j].Text}");
            }
        }
        return (found, missed, invented);
    }

    private static List<string> Strings(JsonElement row, string key) => [.. row.GetProperty(key).EnumerateArray().Select(item => item.GetString()!)];
}
