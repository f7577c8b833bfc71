using CudaSearch.Evaluation.Datasets;
using CudaSearch.TinyMath;

namespace CudaSearch.Evaluation.ProcessBench;

/// <summary>TinyMath solutions with exact labels: for every problem the reference solution, and one that goes wrong at a known step.</summary>
public static class TinyMathSolutions
{
    /// <summary>Two solutions for each held-out problem of a range: 700 for all.</summary>
    /// <param name="range">Which problems.</param>
    /// <param name="seed">Decides where and how the wrong ones err.</param>
    public static IReadOnlyList<LabelledSolution> HeldOut(RowRange range, ulong seed)
    {
        IReadOnlyList<TinyMathProblem> problems = TinyMathDataset.HeldOut();
        (int start, int end) = range.Of(problems.Count, Workbench.TinyMath);
        var random = new TinyMathRandom(seed);
        // All are drawn, whatever the range, so that a problem's wrong solution does not depend on it.
        LabelledSolution[][] all = [.. problems.Select(problem => Pair(problem, random))];
        return [.. all[start..end].SelectMany(pair => pair)];
    }

    private static LabelledSolution[] Pair(TinyMathProblem problem, TinyMathRandom random)
    {
        TinyMathCorruptedSolution wrong = TinyMathCorruption.Corrupt(problem, random);
        return
        [
            new LabelledSolution($"{problem.UniqueId}/right", problem.Problem, problem.Solution.Split("\n\n"), LabelledSolution.NoError),
            new LabelledSolution($"{problem.UniqueId}/wrong", problem.Problem, wrong.Solution.Split("\n\n"), wrong.FirstWrong),
        ];
    }
}
