namespace CudaSearch.TinyMath;

/// <summary>One problem with its worked solution.</summary>
/// <param name="Problem">The text the models are asked.</param>
/// <param name="Answer">The exact answer, a whole number from 0 to 99 in decimal.</param>
/// <param name="Solution">The reference solution: the steps and a closing sentence with the boxed answer, apart by blank lines.</param>
/// <param name="Steps">The texts of the arithmetic steps, without the closing sentence; as many as <paramref name="Level"/>.</param>
/// <param name="Subject">One of <see cref="TinyMathGenerator.Subjects"/>.</param>
/// <param name="Level">1 to 5: how many steps the solution takes.</param>
/// <param name="UniqueId">A stable name made from subject, level and the hash of the text.</param>
public sealed record TinyMathProblem(
    string Problem, string Answer, string Solution, IReadOnlyList<string> Steps, string Subject, int Level, string UniqueId)
{
    /// <summary>The solution as data; <see cref="TinyMathCorruption"/> changes a step and evaluates the rest again.</summary>
    public IReadOnlyList<TinyMathStep> Program { get; init; } = [];
}
