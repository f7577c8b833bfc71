using System.Text.Json;
using CudaSearch.Answers;
using CudaSearch.Search;

namespace CudaSearch.Evaluation.Export;

/// <summary>What was read, and what of it cannot be used.</summary>
/// <param name="Problems">In order of first appearance.</param>
/// <param name="Runs">The runs they are from, in words, one a file.</param>
/// <param name="Unanswered">Records whose problem has no reference answer: nothing of theirs can be verified.</param>
public sealed record SolutionSet(IReadOnlyList<SolvedProblem> Problems, IReadOnlyList<string> Runs, int Unanswered);

/// <summary>
/// Collects the finished answers of runs, problem by problem. Of a record with a search tree every finished path counts, of another its finished
/// completions.
/// </summary>
public static class SolutionReader
{
    /// <summary>Reads outputs of <c>eval</c>; a problem that several of them solve is one problem.</summary>
    /// <exception cref="CudaSearchException">A file cannot be read or is no run, or two runs know different answers to a problem.</exception>
    public static SolutionSet Read(IReadOnlyList<string> paths)
    {
        var found = new Dictionary<string, (string Answer, List<Solution> Solutions)>();
        List<string> order = [], runs = [];
        int unanswered = 0;
        foreach (string path in paths)
        {
            string? run = null;
            foreach ((JsonElement record, string where) in RunLines.Read(path))
            {
                run ??= $"{Path.GetFileName(path)}: {Describe(record, where)}";
                Record read = ReadRecord(record, where);
                if (read.Answer is null)
                {
                    unanswered++;
                    continue;
                }
                if (found.TryAdd(read.Problem, (read.Answer, []))) order.Add(read.Problem);
                (string answer, List<Solution> solutions) = found[read.Problem];
                if (answer != read.Answer)
                    throw CudaSearchException.BadInput($"{where}: the answer to this problem is {read.Answer} here and {answer} in another run; export runs of one dataset");
                solutions.AddRange(read.Solutions);
            }
            runs.Add(run ?? throw CudaSearchException.BadInput($"{path} holds no record; run eval to its end first"));
        }
        return new SolutionSet([.. order.Select(problem => new SolvedProblem(problem, found[problem].Answer, found[problem].Solutions))], runs, unanswered);
    }

    private static string Describe(JsonElement record, string where) => Guarded(where, () =>
    {
        string prm = record.GetProperty("prm").GetString() is { } judge ? $" judged by {judge}" : "";
        return $"{record.GetProperty("strategy").GetString()}, n {record.GetProperty("n").GetInt32()}, seed {record.GetProperty("seed").GetUInt64()}, "
            + $"{record.GetProperty("model").GetString()}{prm}, {record.GetProperty("settings").GetString()}";
    });

    private static Record ReadRecord(JsonElement record, string where) => Guarded(where, () =>
    {
        string problem = record.GetProperty("problem").GetString()!;
        string? answer = record.TryGetProperty("answer", out JsonElement gold) && gold.ValueKind == JsonValueKind.String ? gold.GetString() : null;
        if (answer is null) return new Record(problem, null, []);
        var verdicts = new Dictionary<string, bool>();
        return new Record(problem, answer, [.. FinishedAnswers(record, where).Select(Judge)]);

        Solution Judge((string Text, double? Score) finished)
        {
            string extracted = AnswerExtractor.ExtractRaw(finished.Text);
            if (!verdicts.TryGetValue(extracted, out bool right)) verdicts[extracted] = right = AnswerEquivalence.AreEqual(answer, extracted);
            return new Solution(finished.Text.TrimEnd(), right, finished.Score);
        }
    });

    private static IEnumerable<(string Text, double? Score)> FinishedAnswers(JsonElement record, string where)
    {
        if (TreeColumn.Read(record, where) is { } tree)
        {
            foreach (SearchNode leaf in tree.Nodes.Where(node => node.State == NodeState.Finished))
                yield return (string.Concat(leaf.Path().Select(node => node.Step)), leaf.Score);
            yield break;
        }
        bool scored = record.GetProperty("prm").ValueKind != JsonValueKind.Null;
        JsonElement texts = record.GetProperty("completions"), scores = record.GetProperty("agg_scores");
        bool flagged = record.TryGetProperty("finished", out JsonElement flags);
        for (int i = 0; i < texts.GetArrayLength(); i++)
        {
            if (!flagged || flags[i].GetBoolean()) yield return (texts[i].GetString()!, scored ? scores[i].GetDouble() : null);
        }
    }

    private static T Guarded<T>(string where, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (FinishedRecord.IsOfAnotherMaker(e) || e is IndexOutOfRangeException)
        {
            throw CudaSearchException.BadInput($"{where}: not a record of eval: {e.Message}", e);
        }
    }

    private sealed record Record(string Problem, string? Answer, IReadOnlyList<Solution> Solutions);
}
