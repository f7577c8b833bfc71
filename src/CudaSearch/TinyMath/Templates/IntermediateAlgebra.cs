namespace CudaSearch.TinyMath.Templates;

/// <summary>Functions applied to functions, and sequences.</summary>
internal static class IntermediateAlgebra
{
    public static string Write(TinyMathRandom random, int level, TinyMathProgram program) =>
        random.Chance(70) ? Composition(random, level, program) : Sequence(random, level, program);

    /// <summary>f takes two steps and g one, so a level decides how they nest: g, f, g(f), f(f), g(f(f)).</summary>
    private static string Composition(TinyMathRandom random, int level, TinyMathProgram program)
    {
        var (factor, addend, argument) = (random.Next(2, level > 3 ? 5 : 9), random.Next(2, 12), random.Next(2, level > 3 ? 6 : 9));
        var sign = random.Chance(60) ? TinyMathOperation.Add : TinyMathOperation.Subtract;
        var outer = random.Chance(50) ? TinyMathOperation.Add : TinyMathOperation.Subtract;
        var constant = random.Next(2, 20);
        var value = TinyMathProgram.Constant(argument);
        var text = $"{argument}";
        for (var i = 0; i < level / 2; i++)
        {
            value = program.Apply(TinyMathOperation.Multiply, value, factor);
            value = program.Apply(sign, value, addend);
            text = $"f({text})";
        }

        if (level % 2 == 1)
        {
            program.Apply(outer, value, constant);
            text = $"g({text})";
        }

        var (f, g) = (TinyMathArithmetic.Symbol(sign), TinyMathArithmetic.Symbol(outer));
        return $"Let f(x)={factor}x{f}{addend} and g(x)=x{g}{constant}. Find {text}.";
    }

    private static string Sequence(TinyMathRandom random, int level, TinyMathProgram program)
    {
        var start = random.Next(2, 60);
        var difference = random.Next(2, Math.Min(30, (TinyMathArithmetic.Largest - start) / level));
        var value = TinyMathProgram.Constant(start);
        for (var i = 0; i < level; i++)
            value = program.Apply(TinyMathOperation.Add, value, difference);
        return $"A sequence begins with {start} and each term is {difference} more. Find term {level + 1}.";
    }
}
