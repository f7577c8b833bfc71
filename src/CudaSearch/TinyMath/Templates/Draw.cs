namespace CudaSearch.TinyMath.Templates;

/// <summary>Random ingredients that several subjects share.</summary>
internal static class Draw
{
    /// <summary>
    /// A chain of operations from a start value: each link keeps the value in range, so no draw is wasted. Values after each link stay at 1 or
    /// above, divisions are exact.
    /// </summary>
    public static List<(TinyMathOperation Operation, int Operand)> Chain(TinyMathRandom random, int start, int length)
    {
        var links = new List<(TinyMathOperation, int)>(length);
        var value = start;
        for (var i = 0; i < length; i++)
        {
            var operation = random.Pick(Possible(value));
            var operand = operation switch
            {
                TinyMathOperation.Add => random.Next(2, Math.Min(30, TinyMathArithmetic.Largest - value)),
                TinyMathOperation.Subtract => random.Next(2, Math.Min(30, value - 1)),
                TinyMathOperation.Multiply => random.Next(2, Math.Min(9, TinyMathArithmetic.Largest / value)),
                _ => random.Pick(Divisors(value)),
            };
            links.Add((operation, operand));
            value = TinyMathArithmetic.Evaluate(operation, value, operand);
        }

        return links;
    }

    /// <summary>
    /// Factors for a sum of <paramref name="level"/> operations: pairs to multiply, all added up; an even level ends with a single number.
    /// </summary>
    public static List<IReadOnlyList<int>> Products(TinyMathRandom random, int level)
    {
        var groups = new List<IReadOnlyList<int>>();
        for (var i = 0; i < (level + 1) / 2; i++)
            groups.Add([random.Next(2, 9), random.Next(2, 9)]);
        if (level % 2 == 0)
            groups.Add([random.Next(2, 20)]);
        return groups;
    }

    private static List<TinyMathOperation> Possible(int value)
    {
        var possible = new List<TinyMathOperation>(4);
        if (value <= 90)
            possible.Add(TinyMathOperation.Add);
        if (value >= 8)
            possible.Add(TinyMathOperation.Subtract);
        if (value <= TinyMathArithmetic.Largest / 2)
            possible.Add(TinyMathOperation.Multiply);
        if (Divisors(value).Count > 0)
            possible.Add(TinyMathOperation.Divide);
        return possible;
    }

    private static List<int> Divisors(int value)
    {
        var divisors = new List<int>();
        for (var d = 2; d <= 9 && d < value; d++)
        {
            if (value % d == 0)
                divisors.Add(d);
        }

        return divisors;
    }
}
