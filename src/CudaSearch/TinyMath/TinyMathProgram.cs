namespace CudaSearch.TinyMath;

/// <summary>Collects the steps of a solution while a template writes its problem; remembers whether any value left the range.</summary>
internal sealed class TinyMathProgram
{
    private readonly List<TinyMathStep> _steps = [];
    private readonly List<int> _values = [];

    public IReadOnlyList<TinyMathStep> Steps => _steps;

    /// <summary>The result of every step; meaningless once <see cref="Failed"/>.</summary>
    public IReadOnlyList<int> Values => _values;

    /// <summary>Whether some value was not in 0..99 or not exact: the draw is to be thrown away.</summary>
    public bool Failed { get; private set; }

    public static TinyMathOperand Constant(int value) => new(-1, value);

    public int ValueOf(TinyMathOperand operand) => operand.Step < 0 ? operand.Constant : _values[operand.Step];

    public TinyMathOperand Apply(TinyMathOperation operation, TinyMathOperand left, TinyMathOperand right)
    {
        var value = TinyMathArithmetic.Evaluate(operation, ValueOf(left), ValueOf(right));
        Failed |= value < 0;
        _steps.Add(new TinyMathStep(operation, left, right));
        _values.Add(Math.Max(value, 0));
        return new TinyMathOperand(_steps.Count - 1, 0);
    }

    public TinyMathOperand Apply(TinyMathOperation operation, TinyMathOperand left, int right) => Apply(operation, left, Constant(right));

    public TinyMathOperand Apply(TinyMathOperation operation, int left, int right) => Apply(operation, Constant(left), Constant(right));

    /// <summary>
    /// a*b + c*d + … accumulated from the left: every product is added as soon as it is known. A pair with one member adds it as it is.
    /// </summary>
    public TinyMathOperand SumOfProducts(IReadOnlyList<IReadOnlyList<int>> groups)
    {
        TinyMathOperand? sum = null;
        foreach (var group in groups)
        {
            var term = group.Count == 1 ? Constant(group[0]) : Apply(TinyMathOperation.Multiply, group[0], group[1]);
            sum = sum is { } before ? Apply(TinyMathOperation.Add, before, term) : term;
        }

        return sum ?? Constant(0);
    }
}
