namespace CudaSearch.TinyMath;

/// <summary>The fixed sets of problems.</summary>
public static class TinyMathDataset
{
    private const int PerCell = 10;
    private const ulong HeldOutSeed = 20261123;
    private const ulong ValidationSeed = 3502611;

    /// <summary>The 350 problems results are published on: ten distinct ones a subject and level, none of which training can see.</summary>
    public static IReadOnlyList<TinyMathProblem> HeldOut() => Draw(HeldOutSeed, TinyMathSplit.HeldOut, PerCell);

    /// <summary>Distinct problems to tune on, subject by subject and level by level.</summary>
    /// <param name="perCell">Problems a subject and level.</param>
    public static IReadOnlyList<TinyMathProblem> Validation(int perCell = PerCell) => Draw(ValidationSeed, TinyMathSplit.Validation, perCell);

    private static List<TinyMathProblem> Draw(ulong seed, TinyMathSplit split, int perCell)
    {
        var generator = new TinyMathGenerator(seed);
        var problems = new List<TinyMathProblem>();
        var seen = new HashSet<string>();
        foreach (var subject in TinyMathGenerator.Subjects)
        {
            for (var level = 1; level <= TinyMathGenerator.Levels; level++)
            {
                for (var found = 0; found < perCell;)
                {
                    var problem = generator.Next(subject, level, split);
                    if (!seen.Add(problem.Problem))
                        continue;
                    problems.Add(problem);
                    found++;
                }
            }
        }

        return problems;
    }
}
