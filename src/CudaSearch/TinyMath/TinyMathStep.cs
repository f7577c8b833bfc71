namespace CudaSearch.TinyMath;

/// <summary>The five operations every solution is made of.</summary>
public enum TinyMathOperation
{
    /// <summary>a+b.</summary>
    Add,

    /// <summary>a-b.</summary>
    Subtract,

    /// <summary>a*b.</summary>
    Multiply,

    /// <summary>a/b, exact.</summary>
    Divide,

    /// <summary>a%b, the remainder.</summary>
    Remainder,
}

/// <summary>An operand of a step: a number from the problem, or the result of an earlier step.</summary>
/// <param name="Step">0-based index of the step whose result this is, or -1 for a number from the problem.</param>
/// <param name="Constant">The number from the problem; 0 and unused when <paramref name="Step"/> is not negative.</param>
public readonly record struct TinyMathOperand(int Step, int Constant);

/// <summary>One arithmetic step of a solution, as data: it can be evaluated again after an earlier step was changed.</summary>
/// <param name="Operation">What is computed.</param>
/// <param name="Left">The left operand.</param>
/// <param name="Right">The right operand.</param>
public readonly record struct TinyMathStep(TinyMathOperation Operation, TinyMathOperand Left, TinyMathOperand Right);

/// <summary>How single steps compute and read.</summary>
internal static class TinyMathArithmetic
{
    /// <summary>Values run from 0 to this one: two digits are what so small a model learns in minutes.</summary>
    public const int Largest = 99;

    /// <summary>The value of a step, or -1 where there is none in 0..99 (out of range, not exact, by zero).</summary>
    public static int Evaluate(TinyMathOperation operation, int left, int right)
    {
        var value = operation switch
        {
            TinyMathOperation.Add => left + right,
            TinyMathOperation.Subtract => left - right,
            TinyMathOperation.Multiply => left * right,
            TinyMathOperation.Divide => right != 0 && left % right == 0 ? left / right : -1,
            _ => right != 0 ? left % right : -1,
        };
        return value is >= 0 and <= Largest ? value : -1;
    }

    public static char Symbol(TinyMathOperation operation) => "+-*/%"[(int)operation];
}
