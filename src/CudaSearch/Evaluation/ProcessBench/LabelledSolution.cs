using System.Text.RegularExpressions;

namespace CudaSearch.Evaluation.ProcessBench;

/// <summary>A solution in which the first wrong step is known.</summary>
/// <param name="Id">Its name in the dataset.</param>
/// <param name="Problem">The problem text.</param>
/// <param name="Steps">The steps, at least one.</param>
/// <param name="Label">Index of the first wrong step, from 0; -1 where every step is right.</param>
public sealed partial record LabelledSolution(string Id, string Problem, IReadOnlyList<string> Steps, int Label)
{
    /// <summary>The label of a solution without error.</summary>
    public const int NoError = -1;

    /// <summary>Whether some step is wrong.</summary>
    public bool IsWrong => Label != NoError;

    /// <summary>
    /// The solution as verifiers read it, steps apart by blank lines, so that there is one score a step; blank lines inside a step become line ends.
    /// </summary>
    public string Answer => string.Join("\n\n", Steps.Select(step => BlankLines().Replace(step.Trim('\n'), "\n")));

    [GeneratedRegex("\n{2,}")]
    private static partial Regex BlankLines();
}
