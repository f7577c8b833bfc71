namespace CudaSearch.Answers.Algebra;

/// <summary>
/// How much work a comparison may still do, counted in steps (a token read, a node visited, a term multiplied), so that the verdict on an
/// answer never depends on the speed of the machine.
/// </summary>
/// <param name="steps">Steps allowed, at least 1. A step takes well under a microsecond.</param>
internal sealed class WorkBudget(int steps)
{
    /// <summary>What a comparison of two answers may cost.</summary>
    public const int Default = 24_000;

    /// <summary>Whether more work was asked for than allowed; the result is then not to be trusted.</summary>
    public bool IsSpent => steps < 0;

    /// <summary>Takes steps; false when they are not there.</summary>
    public bool TrySpend(long count = 1)
    {
        steps = count > steps ? -1 : steps - (int)count;
        return steps >= 0;
    }
}
