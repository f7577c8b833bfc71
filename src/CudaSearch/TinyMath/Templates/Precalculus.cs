namespace CudaSearch.TinyMath.Templates;

/// <summary>Vectors: entries, dot products and determinants, whose operands have to be picked crosswise.</summary>
internal static class Precalculus
{
    public static string Write(TinyMathRandom random, int level, TinyMathProgram program)
    {
        var (a, b, c) = (random.Next(2, 9), random.Next(2, 9), random.Next(2, 9));
        var (d, e, f) = (random.Next(2, 9), random.Next(2, 9), random.Next(2, 9));
        return level switch
        {
            1 or 2 => Entry(random, level, program),
            3 => random.Chance(50) ? Dot(program, [a, b], [c, d]) : Determinant(program, a, b, c, d),
            4 => PlusNumber(random, program, [a, b], [c, d]),
            _ => Dot(program, [a, b, c], [d, e, f]),
        };
    }

    private static string Entry(TinyMathRandom random, int level, TinyMathProgram program)
    {
        int[] u = [random.Next(2, 20), random.Next(2, 20)];
        int[] v = [random.Next(2, 30), random.Next(2, 30)];
        var factor = random.Next(2, 9);
        var at = random.Next(0, 1);
        var value = program.Apply(TinyMathOperation.Multiply, factor, u[at]);
        if (level == 2)
            program.Apply(TinyMathOperation.Add, value, v[at]);
        var target = level == 2 ? $"{factor} u plus v" : $"{factor} u";
        return $"Let u=({u[0]},{u[1]}) and v=({v[0]},{v[1]}). Find the {(at == 0 ? "first" : "second")} entry of {target}.";
    }

    private static string Dot(TinyMathProgram program, int[] u, int[] v)
    {
        program.SumOfProducts([.. u.Zip(v, IReadOnlyList<int> (left, right) => [left, right])]);
        return $"Find the dot product of ({string.Join(',', u)}) and ({string.Join(',', v)}).";
    }

    private static string PlusNumber(TinyMathRandom random, TinyMathProgram program, int[] u, int[] v)
    {
        var addend = random.Next(2, 20);
        program.SumOfProducts([[u[0], v[0]], [u[1], v[1]], [addend]]);
        return $"Find the dot product of ({string.Join(',', u)}) and ({string.Join(',', v)}) plus {addend}.";
    }

    private static string Determinant(TinyMathProgram program, int a, int b, int c, int d)
    {
        var diagonal = program.Apply(TinyMathOperation.Multiply, a, d);
        program.Apply(TinyMathOperation.Subtract, diagonal, program.Apply(TinyMathOperation.Multiply, b, c));
        return $"Find the determinant with rows ({a},{b}) and ({c},{d}).";
    }
}
