using System.Text;

namespace CudaSearch.TinyMath.Templates;

/// <summary>An unknown number went through operations: they are undone from the last to the first.</summary>
internal static class Algebra
{
    public static string Write(TinyMathRandom random, int level, TinyMathProgram program)
    {
        var unknown = random.Next(2, 40);
        var chain = Draw.Chain(random, unknown, level);
        var result = chain.Aggregate(unknown, (value, link) => TinyMathArithmetic.Evaluate(link.Operation, value, link.Operand));

        var known = TinyMathProgram.Constant(result);
        for (var i = level - 1; i >= 0; i--)
            known = program.Apply(Inverse(chain[i].Operation), known, chain[i].Operand);

        return random.Chance(50)
            ? $"Solve for x: {Expression(chain)}={result}"
            : $"Take a number. {string.Join(' ', chain.Select(Prealgebra.Instruction))} The result is {result}. What was the number?";
    }

    /// <summary>The nested left side, with brackets around every link but the last: ((x+3)*4)-2.</summary>
    private static string Expression(List<(TinyMathOperation Operation, int Operand)> chain)
    {
        var text = new StringBuilder("x");
        for (var i = 0; i < chain.Count; i++)
        {
            if (i > 0)
                text.Insert(0, '(').Append(')');
            text.Append(TinyMathArithmetic.Symbol(chain[i].Operation)).Append(chain[i].Operand);
        }

        return text.ToString();
    }

    private static TinyMathOperation Inverse(TinyMathOperation operation) => operation switch
    {
        TinyMathOperation.Add => TinyMathOperation.Subtract,
        TinyMathOperation.Subtract => TinyMathOperation.Add,
        TinyMathOperation.Multiply => TinyMathOperation.Divide,
        _ => TinyMathOperation.Multiply,
    };
}
