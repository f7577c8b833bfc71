using CudaSearch.Evaluation.ComputeOptimal;

namespace CudaSearch.Evaluation.Reports;

/// <summary>Finished runs of the same problems, as a report tells of them.</summary>
/// <param name="Runs">In the order given.</param>
/// <param name="Methods">The methods among them.</param>
public sealed record ReportData(IReadOnlyList<ReportRun> Runs, IReadOnlyList<ReportMethod> Methods)
{
    private const int Bins = 5;

    /// <summary>Graded problems.</summary>
    public int Problems => Runs[0].Problems.Count;

    /// <summary>Reads runs and makes sure that they belong together.</summary>
    /// <exception cref="CudaSearchException">A file is no run, two are the same run, or they are of different problems.</exception>
    public static ReportData Read(IReadOnlyList<string> paths)
    {
        List<ReportRun> runs = [.. paths.Select(ReportRun.Read)];
        RunSet.Check([.. runs.Select(run => run.Graded)]);
        return new ReportData(runs, ReportMethod.Among(runs));
    }

    /// <summary>
    /// Which method each budget is best spent on by difficulty; empty where there is nothing to choose from, or no independent samples tell how hard a problem
    /// is.
    /// </summary>
    public IReadOnlyList<BudgetAllocation> ComputeOptimal(DifficultyMeasure measure)
    {
        // Greedy spends one answer whatever the budget: not a way to spend it.
        List<GradedRun> graded = [.. Runs.Select(run => run.Graded).Where(run => run.Strategy != "greedy")];
        bool measurable = graded.Exists(run => run.IsIndependent && (measure == DifficultyMeasure.Oracle || run.IsScored));
        if (!measurable || graded.Select(run => run.Strategy).Distinct().Count() < 2 || graded.Exists(run => run.StopsWhenDecided)) return [];
        Difficulty difficulty = Difficulty.ByQuantile(Difficulty.Ease(graded, measure), Bins);
        // Where only the first samples of a larger run would compete with themselves there is no choice to show.
        HashSet<int> made = [.. graded.Where(run => !run.IsIndependent).Select(run => run.N)];
        List<int> budgets = [.. RunSet.Budgets(graded).Where(budget => made.Count == 0 || made.Contains(budget))];
        try
        {
            return [.. budgets.Select(budget => Allocation.Of(graded, difficulty, budget)).OfType<BudgetAllocation>()];
        }
        catch (CudaSearchException)
        {
            // Too few problems for two halves, or an n that has no vote at a budget: the report tells the rest.
            return [];
        }
    }
}
