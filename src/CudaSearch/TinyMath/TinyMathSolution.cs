namespace CudaSearch.TinyMath;

/// <summary>How solutions are written: search-and-learn's step headings, terse equations, one boxed answer.</summary>
internal static class TinyMathSolution
{
    /// <summary>A step's text: a heading with its number and the operation's name, then the equation.</summary>
    public static string Step(int number, TinyMathOperation operation, int left, int right, int value) =>
        $"## Step {number}: {operation}\n{left}{TinyMathArithmetic.Symbol(operation)}{right}={value}";

    /// <summary>The sentence every solution ends with.</summary>
    public static string Closing(int answer) => $@"Therefore, the final answer is: $\boxed{{{answer}}}$. I hope it is correct.";

    /// <summary>Steps and closing sentence, apart by blank lines.</summary>
    public static string Join(IEnumerable<string> steps, int answer) => string.Join("\n\n", steps.Append(Closing(answer)));
}
