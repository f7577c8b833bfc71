namespace CudaSearch.TinyMath.Templates;

/// <summary>Choices that multiply and alternatives that add, and what is left when some are taken out.</summary>
internal static class Counting
{
    private static readonly string[] s_things = ["hats", "caps", "coats", "belts", "ties", "rings"];
    private static readonly string[] s_colors = ["red", "blue", "green", "white", "black"];

    public static string Write(TinyMathRandom random, int level, TinyMathProgram program) =>
        random.Chance(60) ? Ways(random, level, program) : Rest(random, level, program);

    private static string Ways(TinyMathRandom random, int level, TinyMathProgram program)
    {
        var groups = Draw.Products(random, level);
        program.SumOfProducts(groups);
        var first = random.Next(0, s_things.Length - 1);
        var next = first;
        var choices = groups.Select(group => string.Join(" and ", group.Select(size => $"one of {size} {s_things[next++ % s_things.Length]}")));
        return $"You pick {string.Join(", or ", choices)}. How many ways are there?";
    }

    private static string Rest(TinyMathRandom random, int level, TinyMathProgram program)
    {
        var total = random.Next(20, TinyMathArithmetic.Largest);
        var value = TinyMathProgram.Constant(total);
        var first = random.Next(0, s_colors.Length - 1);
        var parts = new List<string>();
        for (var i = 0; i < level; i++)
        {
            var size = random.Next(2, Math.Min(30, total / level));
            value = program.Apply(TinyMathOperation.Subtract, value, size);
            parts.Add($"{size} are {s_colors[(first + i) % s_colors.Length]}");
        }

        return $"Of {total} balls, {string.Join(", ", parts)}. How many are not?";
    }
}
