using System.Text.Json;
using CudaSearch.Answers;

namespace CudaSearch.Evaluation.ComputeOptimal;

/// <summary>One problem in one finished run.</summary>
/// <param name="Problem">Its text.</param>
/// <param name="Right">Whether each completion's answer is right.</param>
/// <param name="RightVotes">Whether each vote over the first k completions is right, by vote and k.</param>
/// <param name="Scores">The aggregate of each completion.</param>
/// <param name="GeneratedTokens">Tokens drawn for all completions.</param>
public sealed record GradedProblem(
    string Problem, IReadOnlyList<bool> Right, IReadOnlyDictionary<(Vote Vote, int K), bool> RightVotes, IReadOnlyList<double> Scores, long GeneratedTokens)
{
    /// <summary>Grades a record; what it lacks throws what <see cref="JsonElement"/> throws.</summary>
    internal static GradedProblem Of(JsonElement record, GradedRun run)
    {
        string gold = record.GetProperty("answer").GetString()!;
        return Of(record.GetProperty("problem").GetString()!, gold, Ballot.Read(record), run, record.GetProperty("usage").GetProperty("generated_tokens").GetInt64());
    }

    /// <summary>Grades a ballot. A search that stopped because its vote was decided counts as one of all its n: see <see cref="ProblemOutcome.Grade(int, Datasets.DatasetRow, IReadOnlyList{string}, IReadOnlyList{double}, int?)"/>.</summary>
    internal static GradedProblem Of(string problem, string gold, Ballot ballot, GradedRun run, long generatedTokens)
    {
        // Few of many answers are different ones.
        var verdicts = new Dictionary<string, bool>();
        bool IsRight(string answer) => verdicts.TryGetValue(answer, out bool right) ? right : verdicts[answer] = AnswerEquivalence.AreEqual(gold, answer);
        int count = ballot.Answers.Count;
        var votes = new Dictionary<(Vote, int), bool>();
        foreach (int k in Voting.SampleCounts(run.StopsWhenDecided ? Math.Max(run.N, count) : count))
        {
            foreach (Vote vote in Enum.GetValues<Vote>()) votes[(vote, k)] = IsRight(ballot.ChooseAsWritten(vote, Math.Min(k, count)));
        }
        return new GradedProblem(problem, [.. ballot.AsWritten.Select(IsRight)], votes, ballot.Scores, generatedTokens);
    }
}

/// <summary>A finished run of <c>eval</c>, graded.</summary>
/// <param name="Path">Its file.</param>
/// <param name="Strategy">The strategy's name.</param>
/// <param name="N">Completions or beams.</param>
/// <param name="Seed">The seed.</param>
/// <param name="Settings">Every other setting, in words.</param>
/// <param name="IsScored">Whether completions were scored, so that naive and weighted votes mean something.</param>
/// <param name="Problems">Graded problems by text.</param>
public sealed record GradedRun(
    string Path, string Strategy, int N, ulong Seed, string Settings, bool IsScored, IReadOnlyDictionary<string, GradedProblem> Problems)
{
    /// <summary>Whether completions are independent samples: the first k of them are then a run of k.</summary>
    public bool IsIndependent => Strategy is "best-of-n" or "majority";

    /// <summary>Whether a search ended once no completion to come could change its vote.</summary>
    public bool StopsWhenDecided => Settings.Contains("stop-when-decided", StringComparison.Ordinal);

    /// <summary>The beam width among its settings.</summary>
    public int BeamWidth => int.TryParse(SettingsText.Find(Settings, "beam-width"), out int width) ? width : 1;

    /// <summary>Reads and grades a run.</summary>
    /// <exception cref="CudaSearchException">It is no output of <c>eval</c>, mixes runs, or has no reference answers; the message names file and line.</exception>
    public static GradedRun Read(string path)
    {
        GradedRun? run = null;
        var problems = new Dictionary<string, GradedProblem>();
        int number = 0;
        foreach (string line in ReadLines(path))
        {
            number++;
            if (line.Length == 0) continue;
            try
            {
                using JsonDocument document = JsonDocument.Parse(line);
                JsonElement record = document.RootElement;
                GradedRun own = Describe(path, record, problems);
                if (run is not null && own != run)
                    throw CudaSearchException.BadInput($"{path}, line {number}: a record of another run than the lines before; give one file a run");
                run = own;
                GradedProblem problem = GradedProblem.Of(record, own);
                if (!problems.TryAdd(problem.Problem, problem))
                    throw CudaSearchException.BadInput($"{path}, line {number}: the problem of an earlier line again; remove one of them");
            }
            catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or ArgumentNullException)
            {
                throw CudaSearchException.BadInput($"{path}, line {number}: not a graded record of eval (it needs problem, answer, completions, agg_scores …): {e.Message}", e);
            }
        }
        return run ?? throw CudaSearchException.BadInput($"{path} holds no record; run eval to its end first");
    }

    private static string[] ReadLines(string path)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CudaSearchException.BadInput($"cannot read {path}: {e.Message}", e);
        }
    }

    /// <summary>What a record says of its run.</summary>
    internal static GradedRun Describe(string path, JsonElement record, IReadOnlyDictionary<string, GradedProblem> problems) => new(
        path,
        record.GetProperty("strategy").GetString()!,
        record.GetProperty("n").GetInt32(),
        record.GetProperty("seed").GetUInt64(),
        record.GetProperty("settings").GetString()!,
        record.GetProperty("prm").ValueKind != JsonValueKind.Null,
        problems);
}
