namespace CudaSearch.TinyMath.Templates;

/// <summary>Perimeters, areas of figures made of rectangles, and angles.</summary>
internal static class Geometry
{
    public static string Write(TinyMathRandom random, int level, TinyMathProgram program) => random.Next(0, 2) switch
    {
        0 => Perimeter(random, level, program),
        1 => level is 1 or 2 or 3 ? Special(random, level, program) : Area(random, level, program),
        _ => Area(random, level, program),
    };

    private static string Perimeter(TinyMathRandom random, int level, TinyMathProgram program)
    {
        var sides = Enumerable.Range(0, level + 1).Select(_ => random.Next(2, Math.Min(40, TinyMathArithmetic.Largest / (level + 1)))).ToList();
        var sum = TinyMathProgram.Constant(sides[0]);
        foreach (var side in sides.Skip(1))
            sum = program.Apply(TinyMathOperation.Add, sum, side);
        return $"A path has sides {string.Join(", ", sides)}. Find its length.";
    }

    private static string Area(TinyMathRandom random, int level, TinyMathProgram program)
    {
        var groups = Draw.Products(random, level);
        program.SumOfProducts(groups);
        var parts = groups.Select(group => group.Count == 2 ? $"a {group[0]} by {group[1]} rectangle" : $"a part of area {group[0]}");
        return $"A figure has {string.Join(", ", parts)}. Find its area.";
    }

    private static string Special(TinyMathRandom random, int level, TinyMathProgram program)
    {
        var (first, second) = (random.Next(2, 9), random.Next(2, 9));
        switch (level)
        {
            case 1:
                var angle = random.Next(2, 88);
                program.Apply(TinyMathOperation.Subtract, 90, angle);
                return $"Two angles add up to 90 degrees. One is {angle} degrees. Find the other.";
            case 2 when random.Chance(50):
                first = random.Next(2, 25);
                second = random.Next(2, 24);
                program.Apply(TinyMathOperation.Multiply, program.Apply(TinyMathOperation.Add, first, second), 2);
                return $"Find the perimeter of a {first} by {second} rectangle.";
            case 2:
                second = random.Next(2, 11);
                program.Apply(TinyMathOperation.Divide, program.Apply(TinyMathOperation.Multiply, first, second), 2);
                return $"Find the area of a triangle with base {first} and height {second}.";
            default:
                var (width, height) = (random.Next(4, 9), random.Next(4, 9));
                (first, second) = (random.Next(2, width - 1), random.Next(2, height - 1));
                var outer = program.Apply(TinyMathOperation.Multiply, width, height);
                program.Apply(TinyMathOperation.Subtract, outer, program.Apply(TinyMathOperation.Multiply, first, second));
                return $"From a {width} by {height} rectangle we cut a {first} by {second} rectangle. Find the area left.";
        }
    }
}
