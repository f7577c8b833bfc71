namespace CudaSearch.Evaluation.ComputeOptimal;

/// <summary>Finished runs that can be compared: all of the same problems.</summary>
public static class RunSet
{
    /// <summary>Reads runs and makes sure that they belong together.</summary>
    /// <exception cref="CudaSearchException">A file is no run, two are the same run, or they are of different problems.</exception>
    public static IReadOnlyList<GradedRun> Read(IReadOnlyList<string> paths)
    {
        List<GradedRun> runs = [.. paths.Select(GradedRun.Read)];
        Check(runs);
        return runs;
    }

    /// <summary>Makes sure that runs belong together.</summary>
    /// <exception cref="CudaSearchException">Two are the same run, or they are of different problems.</exception>
    public static void Check(IReadOnlyList<GradedRun> runs)
    {
        foreach (GradedRun run in runs.Skip(1))
        {
            string? missing = runs[0].Problems.Keys.FirstOrDefault(problem => !run.Problems.ContainsKey(problem));
            string? surplus = run.Problems.Keys.FirstOrDefault(problem => !runs[0].Problems.ContainsKey(problem));
            if ((missing ?? surplus) is { } other)
                throw CudaSearchException.BadInput(
                    $"{(missing is null ? runs[0].Path : run.Path)} lacks the problem \"{Shorten(other)}\" that {(missing is null ? run.Path : runs[0].Path)} has; compare runs of the same rows");
        }
        foreach (IGrouping<(string, int, ulong, string), GradedRun> same in runs.GroupBy(run => (run.Strategy, run.N, run.Seed, run.Settings)))
        {
            if (same.Count() > 1)
                throw CudaSearchException.BadInput($"{string.Join(" and ", same.Select(run => run.Path))} are the same run ({same.Key.Item1}, n {same.Key.Item2}, seed {same.Key.Item3}); give it once");
        }
    }

    /// <summary>Every budget that some run was made for, and 1, 2, 4 … below it where samples are independent.</summary>
    public static IReadOnlyList<int> Budgets(IReadOnlyList<GradedRun> runs) =>
        [.. runs.SelectMany(run => run.IsIndependent ? Answers.Voting.SampleCounts(run.N) : [run.N]).Distinct().Order()];

    private static string Shorten(string text) => text.Length <= 60 ? text : text[..57] + "...";
}
