namespace CudaSearch.TinyMath.Templates;

/// <summary>Remainders of sums of products, and chains reduced again and again.</summary>
internal static class NumberTheory
{
    public static string Write(TinyMathRandom random, int level, TinyMathProgram program) =>
        random.Chance(50) ? OfExpression(random, level, program) : Alternating(random, level, program);

    private static string OfExpression(TinyMathRandom random, int level, TinyMathProgram program)
    {
        var divisor = random.Next(3, 9);
        string expression;
        TinyMathOperand value;
        if (level == 1)
        {
            var number = random.Next(divisor + 1, TinyMathArithmetic.Largest);
            (expression, value) = ($"{number}", TinyMathProgram.Constant(number));
        }
        else
        {
            // Level 2 has one operation before the remainder, level 5 has four: a*b, a*b+c, a*b+c*d, a*b+c*d+e.
            var groups = Draw.Products(random, level - 1);
            expression = string.Join('+', groups.Select(group => string.Join('*', group)));
            value = program.SumOfProducts(groups);
        }

        program.Apply(TinyMathOperation.Remainder, value, divisor);
        return $"What is the remainder when {expression} is divided by {divisor}?";
    }

    private static string Alternating(TinyMathRandom random, int level, TinyMathProgram program)
    {
        var start = level % 2 == 0 ? random.Next(2, 20) : random.Next(10, TinyMathArithmetic.Largest);
        var sentences = new List<string> { $"Let n be {start}." };
        var value = TinyMathProgram.Constant(start);
        for (var left = level; left > 0; left--)
        {
            if (left % 2 == 1)
            {
                var divisor = random.Next(3, 9);
                value = program.Apply(TinyMathOperation.Remainder, value, divisor);
                sentences.Add($"Reduce mod {divisor}.");
            }
            else if (random.Chance(50))
            {
                var addend = random.Next(2, 30);
                value = program.Apply(TinyMathOperation.Add, value, addend);
                sentences.Add($"Add {addend}.");
            }
            else
            {
                var factor = random.Next(2, 9);
                value = program.Apply(TinyMathOperation.Multiply, value, factor);
                sentences.Add($"Multiply by {factor}.");
            }
        }

        return $"{string.Join(' ', sentences)} What is left?";
    }
}
