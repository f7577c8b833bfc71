namespace CudaSearch.TinyMath.Templates;

/// <summary>Chains of operations, as instructions or as a story; one sentence is one step.</summary>
internal static class Prealgebra
{
    private static readonly string[] s_names = ["Tom", "Sam", "Max", "Ben"];
    private static readonly string[] s_things = ["coins", "cards", "pens", "shells"];

    public static string Write(TinyMathRandom random, int level, TinyMathProgram program)
    {
        var start = random.Next(2, 60);
        var chain = Draw.Chain(random, start, level);
        var value = TinyMathProgram.Constant(start);
        foreach (var (operation, operand) in chain)
            value = program.Apply(operation, value, operand);

        if (random.Chance(50))
            return $"Start with {start}. {string.Join(' ', chain.Select(Instruction))} What is the result?";
        var things = random.Pick(s_things);
        return $"{random.Pick(s_names)} has {start} {things}. {string.Join(' ', chain.Select(Event))} How many {things} are there?";
    }

    /// <summary>The operation as an order, also used where a number is to be found backwards.</summary>
    public static string Instruction((TinyMathOperation Operation, int Operand) link) => link.Operation switch
    {
        TinyMathOperation.Add => $"Add {link.Operand}.",
        TinyMathOperation.Subtract => $"Subtract {link.Operand}.",
        TinyMathOperation.Multiply => $"Multiply by {link.Operand}.",
        _ => $"Divide by {link.Operand}.",
    };

    private static string Event((TinyMathOperation Operation, int Operand) link) => link.Operation switch
    {
        TinyMathOperation.Add => $"He gets {link.Operand} more.",
        TinyMathOperation.Subtract => $"He loses {link.Operand}.",
        TinyMathOperation.Multiply => $"He then has {link.Operand} times as many.",
        _ => $"He keeps one of {link.Operand} equal parts.",
    };
}
