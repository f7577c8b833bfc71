namespace CudaSearch.Answers.Algebra;

/// <summary>
/// How much work a comparison may still do, counted in steps (a token read, a node visited; a product of two terms is eight), so that the
/// verdict on an answer never depends on the speed of the machine.
/// </summary>
internal sealed class WorkBudget
{
    /// <summary>What a comparison of two answers may cost. A step takes about half a microsecond.</summary>
    public const int Default = 16_000;

    private readonly WorkBudget? _whole;
    private int _steps;

    /// <summary>So many steps.</summary>
    public WorkBudget(int steps) => _steps = steps;

    private WorkBudget(int steps, WorkBudget whole)
        : this(steps) => _whole = whole;

    /// <summary>Whether more work was asked for than allowed; the result is then not to be trusted.</summary>
    public bool IsSpent => _steps < 0;

    /// <summary>A budget of at most so many steps, all of them also taken from this one: for work that something else can replace.</summary>
    public WorkBudget Slice(int steps) => new(steps, this);

    /// <summary>Takes steps; false when they are not there.</summary>
    public bool TrySpend(long count = 1)
    {
        _steps = count > _steps ? -1 : _steps - (int)count;
        return _steps >= 0 && (_whole is null || _whole.TrySpend(count));
    }
}
