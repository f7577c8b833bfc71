using System.Text.Json;
using CudaSearch.Answers;
using CudaSearch.Evaluation.ComputeOptimal;
using CudaSearch.Evaluation.Datasets;

namespace CudaSearch.Evaluation.Reports;

/// <summary>Reads one run in one go, record by record.</summary>
internal sealed class ReportRunReader(string path)
{
    private const int MostAnswers = 6;
    private const int LongestText = 6000;

    private readonly Dictionary<string, GradedProblem> _graded = [];
    private readonly List<ProblemOutcome> _outcomes = [];
    private readonly List<ReportProblem> _problems = [];
    private readonly List<string> _commands = [];
    private RunCost _cost = RunCost.None;
    private int _ungraded;

    public ReportRun Read()
    {
        ReportRun? run = null;
        foreach ((JsonElement record, string where) in RunLines.Read(path))
        {
            try
            {
                ReportRun own = Describe(record);
                if (run is not null && (own.Graded != run.Graded || own.Model != run.Model || own.Prm != run.Prm))
                    throw CudaSearchException.BadInput($"{where}: a record of another run than the lines before; give one file a run");
                run ??= own;
                Take(record, run.Graded, where);
            }
            catch (Exception e) when (FinishedRecord.IsOfAnotherMaker(e))
            {
                throw CudaSearchException.BadInput($"{where}: not a record of eval (it needs row, problem, completions, agg_scores, usage …): {e.Message}", e);
            }
        }
        if (run is null) throw CudaSearchException.BadInput($"{path} holds no record; run eval to its end first");
        if (_problems.Count == 0) throw CudaSearchException.BadInput($"{path}: no record has a reference answer, so there is nothing to report on; run eval on a dataset with answers");
        return run with { Cost = _cost, Ungraded = _ungraded };
    }

    private ReportRun Describe(JsonElement record) => new(
        GradedRun.Describe(path, record, _graded), _outcomes, _problems, RunCost.None, record.GetProperty("model").GetString()!, record.GetProperty("prm").GetString(),
        record.GetProperty("device").GetString()!, DatasetIdentity.Read(record.GetProperty("dataset")), _commands, 0);

    private void Take(JsonElement record, GradedRun run, string where)
    {
        if (record.TryGetProperty("command", out JsonElement command) && !_commands.Contains(command.GetString()!)) _commands.Add(command.GetString()!);
        // Records have MATH's column names whatever the dataset's were.
        DatasetRow row = ColumnMapping.Known.Read(record, record.GetProperty("row").GetInt32(), where);
        if (row.Answer is not { } gold)
        {
            _ungraded++;
            return;
        }
        Ballot ballot = Ballot.Read(record);
        GradedProblem graded = GradedProblem.Of(row.Problem, gold, ballot, run, record.GetProperty("usage").GetProperty("generated_tokens").GetInt64());
        if (!_graded.TryAdd(row.Problem, graded)) throw CudaSearchException.BadInput($"{where}: the problem of an earlier line again; remove one of them");
        _outcomes.Add(OutcomeOf(graded, run, row));
        _problems.Add(Show(record, row, gold, ballot, graded, run));
        _cost = _cost.Plus(record);
    }

    private static ProblemOutcome OutcomeOf(GradedProblem graded, GradedRun run, DatasetRow row)
    {
        int count = graded.Right.Count, right = graded.Right.Count(isRight => isRight);
        return new ProblemOutcome((int)run.Seed, row.Level, row.Subject,
        [
            .. graded.RightVotes.Keys.Select(key => key.K).Distinct().Order().Select(k => new VoteOutcome(
                k, graded.RightVotes[(Vote.Naive, k)], graded.RightVotes[(Vote.Weighted, k)], graded.RightVotes[(Vote.Majority, k)],
                Voting.PassAtK(count, right, Math.Min(k, count)))),
        ]);
    }

    private static ReportProblem Show(JsonElement record, DatasetRow row, string gold, Ballot ballot, GradedProblem graded, GradedRun run)
    {
        int count = ballot.Answers.Count;
        Vote vote = run.IsScored ? Vote.Weighted : Vote.Majority;
        List<AnswerCount> tally =
        [
            .. Enumerable.Range(0, count).GroupBy(i => CanonicalAnswer.Of(ballot.Answers[i]))
                .Select(same => new AnswerCount(ballot.AsWritten[same.First()], same.Count(), graded.Right[same.First()]))
                .OrderByDescending(answer => answer.Count).Take(MostAnswers),
        ];
        JsonElement texts = record.GetProperty("completions");
        ExampleCompletion[] examples =
        [
            .. ((bool[])[true, false]).Select(wanted => Enumerable.Range(0, count).Where(i => graded.Right[i] == wanted).ToList())
                .Where(some => some.Count > 0).Select(some => some.MaxBy(i => ballot.Scores[i]))
                .Select(i => new ExampleCompletion(Shortened(texts[i].GetString()!), run.IsScored ? ballot.Scores[i] : null, graded.Right[i])),
        ];
        string chosen = ballot.ChooseAsWritten(vote, count);
        bool right = graded.Right[Enumerable.Range(0, count).First(i => ballot.AsWritten[i] == chosen)];
        return new ReportProblem(
            row.Index, Shortened(row.Problem), gold, row.Level, row.Subject, chosen, right,
            graded.Right.Average(one => one ? 1.0 : 0.0), tally, examples);
    }

    private static string Shortened(string text) => text.Length <= LongestText ? text : $"{text[..LongestText]} … ({text.Length - LongestText} more characters)";
}
