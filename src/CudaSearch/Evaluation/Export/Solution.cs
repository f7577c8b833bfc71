namespace CudaSearch.Evaluation.Export;

/// <summary>A finished answer to a problem, with what is known about it.</summary>
/// <param name="Text">The answer, white space at its end cut.</param>
/// <param name="Right">Whether its final answer is the reference answer.</param>
/// <param name="Score">The verifier's aggregate; null where nothing scored it.</param>
public sealed record Solution(string Text, bool Right, double? Score)
{
    /// <summary>Its steps, without the blank lines between them.</summary>
    public IReadOnlyList<string> Steps { get; } = [.. Search.StepRules.SplitSteps(Text).Select(step => step.Trim()).Where(step => step.Length > 0)];
}

/// <summary>Everything that the runs at hand wrote about one problem.</summary>
/// <param name="Problem">Its text.</param>
/// <param name="Answer">The reference answer.</param>
/// <param name="Solutions">The finished answers of all runs, in order, repetitions included: how often a step was continued to what is what they tell.</param>
public sealed record SolvedProblem(string Problem, string Answer, IReadOnlyList<Solution> Solutions);
